import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LmdbStore } from '../src/lmdb-store.ts';
import { Child } from './child.ts';
import { scratchFolder } from './scratch-folder.ts';

const OVERWRITES = 200_000;
const PER_COMMIT = 500;
const HISTORY = 10_000;
const MOST_BYTES = 8_000_000;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

function folder(): string {
  const { path, remove } = scratchFolder('disk');
  cleanUp.push(remove);
  return path;
}

async function open(path: string, history?: number): Promise<LmdbStore> {
  const store = new LmdbStore({ path, ...(history !== undefined && { history }) });
  cleanUp.push(() => store[Symbol.asyncDispose]());
  await store.start(new AbortController().signal);
  return store;
}

test(`${OVERWRITES} overwrites of ten keys leave a file of less than ${MOST_BYTES} bytes`, async () => {
  const path = folder();
  const store = await open(path, HISTORY);
  for (let start = 0; start < OVERWRITES; start += PER_COMMIT) {
    const changes = Array.from({ length: PER_COMMIT }, (_, index) => ({
      key: `tasks/${(start + index) % 10}`,
      value: { start, text: 'x'.repeat(500) },
    }));
    await store.commit(changes);
  }
  expect(statSync(join(path, 'data.mdb')).size).toBeLessThan(MOST_BYTES);
});

describe('a full disk', () => {
  const isolated = ['unshare', '--user', '--map-root-user', '--mount'];
  const small = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"';

  test('a commit is EXHAUSTED and nothing of it is written; when there is space again commits succeed', async (context) => {
    const path = folder();
    if (!works([...isolated, 'sh', '-c', small, path, 'true'])) context.skip('needs a small file system');
    const said = await filled([...isolated, 'sh', '-c', small, path], path);
    expect(said.refusal).toMatch(/^EXHAUSTED store-lmdb: cannot write in .*: the disk is full$/);
    expect(said.again).toMatch(/^EXHAUSTED /);
    expect(said.later).toBe('ok');
    expect(said.listed).toBe(2 * said.written);
    expect(said.revision).toBe(2 * said.written);
  });

  test('a store starts, is read, and takes commits as soon as there is space again', async (context) => {
    const path = folder();
    if (!works([...isolated, 'sh', '-c', small, path, 'true'])) context.skip('needs a small file system');
    const child = new Child(['restart', path], [...isolated, 'sh', '-c', small, path]);
    cleanUp.push(() => child.kill());
    expect([await child.said(), await child.said()]).toEqual(['starting', 'started']);
    const full = expect.stringMatching(/EXHAUSTED.*the disk is full|EXHAUSTED.*No space left/);
    expect(await child.said()).toEqual({
      before: 'ok',
      starts: ['started', 'started', 'started'],
      full: [full, full, full],
      read: ['tasks/before'],
      after: 'ok',
      kept: ['tasks/after', 'tasks/before'],
    });
    await child.ended();
  });

  test('beyond the largest file that the process may write, too, and the store takes what fits', async () => {
    const path = folder();
    const said = await filled(['sh', '-c', 'ulimit -f 4000; exec "$@"', 'sh'], path);
    expect(said.refusal).toMatch(/^EXHAUSTED store-lmdb: cannot write in .*: the disk is full$/);
    expect(said.again).toMatch(/^EXHAUSTED /);
    expect(said.later).toBe('ok');
    expect(said.listed).toBe(2 * said.written);
    const store = await open(path);
    expect((await store.list('')).entries).toHaveLength(said.written + 2);
    const [after] = await store.commit([{ key: 'tasks/after', value: 'x'.repeat(100_000) }]);
    expect(after?.ok).toBe(true);
  });
});

interface Said {
  readonly refusal: string;
  readonly again: string;
  readonly later: string;
  readonly written: number;
  readonly listed: number;
  readonly revision: number;
}

async function filled(wrap: readonly string[], path: string): Promise<Said> {
  const child = new Child(['fill', path], wrap);
  cleanUp.push(() => child.kill());
  expect([await child.said(), await child.said()]).toEqual(['starting', 'started']);
  const said = (await child.said()) as Said;
  await child.ended();
  return said;
}

function works([command = '', ...args]: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
