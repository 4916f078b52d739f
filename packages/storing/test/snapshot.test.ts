import { createHash } from 'node:crypto';
import { isGantryError, type Store } from '@gantry/core';
import { MemoryStore } from '@gantry/store-memory';
import { TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { readSnapshot, restoreSnapshot, type Snapshot, snapshotLines, takeSnapshot } from '../src/index.ts';

const clock = new TestClock();
const hash = () => createHash('sha256');
const textOf = (snapshot: Snapshot): string => [...snapshotLines(snapshot, hash())].join('');

async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const tasks = Array.from({ length: 2500 }, (_, index) => ({
    key: `tasks/${index}`,
    value: { index, text: 'é\n' },
  }));
  const own = ['cluster/identity', 'cluster/schema', 'leader/lease', 'leader/term'];
  const values = [{ uid: 'u1' }, { version: 1 }, { holder: '' }, { number: 3 }];
  await store.commit([...tasks, ...own.map((key, index) => ({ key, value: values[index] as object }))]);
  return store;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );
  return isGantryError(error) ? `${error.code} ${error.message}` : String(error);
}

const content = async (store: Store) =>
  new Map((await store.list('')).entries.map(({ key, value }) => [key, value]));

describe('a snapshot', () => {
  test('restores the same state after it was taken, written and read, except for leadership and identity', async () => {
    const store = await filled();
    const taken = await takeSnapshot(store, { cluster: 'shop', now: 0 });
    expect(taken.header).toEqual({
      gantry: 'snapshot',
      format: 1,
      schema: 1,
      cluster: 'shop',
      takenAt: '1970-01-01T00:00:00.000Z',
      revision: 2504,
      entries: 2502,
    });
    const read = readSnapshot(textOf(taken), hash());
    expect(read).toEqual(taken);
    const other = new MemoryStore();
    const steps: number[] = [];
    await restoreSnapshot(other, read, { clock, onProgress: (written) => steps.push(written) });
    const wanted = await content(store);
    for (const key of ['cluster/identity', 'leader/lease', 'leader/term']) wanted.delete(key);
    expect(await content(other)).toEqual(wanted);
    expect(steps).toEqual([1000, 2000, 2501]);
  });

  test('does not overwrite existing contents unless it may replace them', async () => {
    const snapshot = await takeSnapshot(await filled(), { now: 0 });
    const other = new MemoryStore();
    await other.commit([{ key: 'services/old', value: 1 }]);
    expect(await refusal(restoreSnapshot(other, snapshot, { clock }))).toMatch(
      /^ALREADY_EXISTS .*1 entry.*services\/old/,
    );
    expect((await content(other)).size).toBe(1);
    await restoreSnapshot(other, snapshot, { clock, replace: true });
    expect((await content(other)).has('services/old')).toBe(false);
    expect((await content(other)).size).toBe(2501);
  });

  test('is not restored below a control plane that runs, and is below one that has crashed', async () => {
    const snapshot = await takeSnapshot(await filled(), { now: 0 });
    const other = new MemoryStore();
    const renew = (renewals: number) =>
      other.commit([{ key: 'leader/lease', value: { holder: 's1', leaseMs: 3000, renewals } }]);
    await renew(1);
    const refused = refusal(restoreSnapshot(other, snapshot, { clock, replace: true }));
    await clock.advance(1000);
    await renew(2);
    await clock.advance(2000);
    expect(await refused).toMatch(/^CONFLICT s1 leads/);
    expect((await content(other)).size).toBe(1);
    const restored = restoreSnapshot(other, snapshot, { clock });
    await clock.advance(3000);
    await restored;
    expect((await content(other)).size).toBe(2501);
  });

  test('is not restored if its version is newer than the known one, and the existing contents stay', async () => {
    const newer = new MemoryStore();
    await newer.commit([{ key: 'cluster/schema', value: { version: 99 } }]);
    const snapshot = await takeSnapshot(newer, { now: 0 });
    const other = await filled();
    expect(await refusal(restoreSnapshot(other, snapshot, { clock, replace: true }))).toMatch(
      /^UNSUPPORTED .*version 99/,
    );
    expect((await content(other)).size).toBe(2504);
  });

  test.each<[string, (text: string) => string, RegExp]>([
    ['something else', () => '{"a":1}\n', /line 1: it is not a snapshot/],
    ['nothing', () => '', /line 1: this line is not a JSON object/],
    [
      'of a later format',
      (text) => text.replace('"format":1', '"format":2'),
      /format is 2; .* reads format 1/,
    ],
    ['cut', (text) => text.slice(0, text.length / 2), /truncated or damaged/],
    [
      'cut between two lines',
      (text) => `${text.split('\n').slice(0, 10).join('\n')}\n`,
      /line 10: its end is missing/,
    ],
    ['damaged', (text) => text.replace('"index":7,', '"index":8,'), /SHA-256/],
  ])('is rejected with the line if it is %s', async (_, spoil, message) => {
    const text = textOf(await takeSnapshot(await filled(), { now: 0 }));
    expect(() => readSnapshot(spoil(text), hash())).toThrow(message);
  });
});
