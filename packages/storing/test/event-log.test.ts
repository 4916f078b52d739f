import { isGantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { expect, test } from 'vitest';
import { EventLog } from '../src/index.ts';

const event = (key: string, revision: number, value: unknown = revision): StoreEvent => ({
  key,
  value,
  revision,
});
const log = (limit = 10, since = 0): EventLog => new EventLog({ name: 'store-test', limit, since });
const { signal } = new AbortController();

async function code(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => (isGantryError(error) ? error.code : error),
  );
}

test('a watcher receives missed and new events of its prefix, as whole commits', async () => {
  const it = log();
  it.append([event('tasks/a', 1), event('nodes/a', 1)]);
  const watch = it.watch('tasks/', { since: 0, signal })[Symbol.asyncIterator]();
  expect((await watch.next()).value).toEqual([event('tasks/a', 1)]);
  it.append([event('nodes/b', 2)]);
  it.append([event('tasks/b', 3), event('tasks/c', 3)]);
  it.append([event('tasks/d', 4)]);
  expect((await watch.next()).value).toEqual([event('tasks/b', 3), event('tasks/c', 3), event('tasks/d', 4)]);
});

test('events that share a revision are delivered together, also to later watchers', async () => {
  const it = log();
  it.append([event('tasks/a', 5), event('tasks/b', 5), event('tasks/c', 7)]);
  const since = async (revision: number): Promise<unknown> =>
    (await it.watch('', { since: revision, signal })[Symbol.asyncIterator]().next()).value?.length;
  expect([await since(4), await since(5), await since(6)]).toEqual([3, 1, 1]);
});

test('discarded events are COMPACTED, and no revision is delivered in part', async () => {
  const it = log(3);
  it.append([event('a', 1), event('b', 1), event('c', 2), event('d', 2), event('e', 2)]);
  expect(it.oldest).toBe(1);
  const watch = (revision: number) => it.watch('', { since: revision, signal })[Symbol.asyncIterator]();
  expect(await code(watch(0).next())).toBe('COMPACTED');
  expect((await watch(1).next()).value).toHaveLength(3);
});

test('the history before it began is COMPACTED', async () => {
  const it = log(10, 100);
  expect([it.revision, it.oldest]).toEqual([100, 100]);
  expect(await code(it.watch('', { since: 99, signal })[Symbol.asyncIterator]().next())).toBe('COMPACTED');
});

test('forgetting history ends current watches with COMPACTED and allows new ones from that revision', async () => {
  const it = log();
  it.append([event('tasks/a', 1)]);
  const watches = ['tasks/', ''].map((prefix) =>
    it.watch(prefix, { since: 1, signal })[Symbol.asyncIterator](),
  );
  const waiting = watches.map((watch) => code(watch.next()));
  it.forget(50);
  expect(await Promise.all(waiting)).toEqual(['COMPACTED', 'COMPACTED']);
  const anew = it.watch('', { since: 50, signal })[Symbol.asyncIterator]().next();
  it.append([event('tasks/b', 51)]);
  expect((await anew).value).toEqual([event('tasks/b', 51)]);
});

test('a watcher that keeps more waiting than the log holds is COMPACTED', async () => {
  const it = log(5);
  const watch = it.watch('tasks/', { since: 0, signal })[Symbol.asyncIterator]();
  for (let revision = 1; revision <= 6; revision++) it.append([event('tasks/a', revision)]);
  expect(await code(watch.next())).toBe('COMPACTED');
});

test('closing ends watches without an error; later ones get an error', async () => {
  const it = log();
  const waiting = it.watch('tasks/', { since: 0, signal })[Symbol.asyncIterator]().next();
  it.close();
  it.close();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await code(it.watch('', { since: 0, signal })[Symbol.asyncIterator]().next())).toBe('CLOSED');
});

test('malformed input throws a TypeError immediately', () => {
  expect(() => log().watch(7 as unknown as string, { since: 0, signal })).toThrow(TypeError);
  for (const since of [-1, 0.5, Number.NaN, '1' as unknown as number])
    expect(() => log().watch('', { since, signal })).toThrow(TypeError);
});

test('a log keeps as many bytes of events as its limit says, and the newest event in any case', async () => {
  const log = new EventLog({ name: 'test', limit: 100, limitBytes: 10 });
  const event = (revision: number): StoreEvent => ({ key: `tasks/${revision}`, value: revision, revision });
  log.append([event(1), event(2), event(3)], [4, 4, 4]);
  expect(log.oldest).toBe(1);
  log.append([event(4)], [50]);
  expect(log.oldest).toBe(3);
  log.append([event(5)], [1]);
  expect(log.oldest).toBe(4);
  const stop = new AbortController();
  const watch = log.watch('tasks/', { since: 4, signal: stop.signal })[Symbol.asyncIterator]();
  expect((await watch.next()).value).toEqual([event(5)]);
  stop.abort();
  const late = log.watch('tasks/', { since: 3, signal: new AbortController().signal });
  await expect(late[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'COMPACTED' });
});
