import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LmdbStore } from '../src/lmdb-store.ts';
import { scratchFolder } from './scratch-folder.ts';

let path = '';
const cleanUp: (() => unknown)[] = [];
const signal = new AbortController().signal;

beforeEach(() => {
  const made = scratchFolder('memory');
  path = made.path;
  cleanUp.push(made.remove);
});
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

async function open(folder = path): Promise<LmdbStore> {
  const store = new LmdbStore({ path: folder });
  cleanUp.push(() => store[Symbol.asyncDispose]());
  await store.start(signal);
  return store;
}

async function close(store: LmdbStore): Promise<void> {
  await store[Symbol.asyncDispose]();
}

/** Makes a store with one entry, and closes it. */
async function filled(): Promise<void> {
  const store = await open();
  await store.commit([{ key: 'services/a', value: 1 }]);
  await close(store);
}

const file = (name: string): string => join(path, name);

describe('a store whose data file is lost', () => {
  const losses: readonly (readonly [string, () => void])[] = [
    ['empty', () => truncateSync(file('data.mdb'), 0)],
    ['truncated to one byte', () => truncateSync(file('data.mdb'), 1)],
    ['truncated within its first page', () => truncateSync(file('data.mdb'), 4000)],
    ['truncated after its first page', () => truncateSync(file('data.mdb'), 4096)],
    ['truncated after its first pages', () => truncateSync(file('data.mdb'), 8192)],
    ['filled with zeros', () => writeFileSync(file('data.mdb'), Buffer.alloc(65_536))],
  ];

  test.each(losses)('does not start, and leaves the file unchanged: %s', async (_, lose) => {
    await filled();
    lose();
    const before = readFileSync(file('data.mdb'));
    await expect(open()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(open()).rejects.toThrow(/cannot use the folder .*data\.mdb/);
    expect(readFileSync(file('data.mdb')).equals(before)).toBe(true);
  });

  test('does not start if the file is missing, and names what to do', async () => {
    await filled();
    rmSync(file('data.mdb'));
    await expect(open()).rejects.toThrow(
      /"data\.mdb" is missing, and held store [0-9a-f-]+: restore "data\.mdb" from a backup, or start a new store by removing "identity\.json"/,
    );
    expect(existsSync(file('data.mdb'))).toBe(false);
    rmSync(file('identity.json'));
    expect((await (await open()).list('')).entries).toEqual([]);
  });

  test('does not start with the data of another store', async () => {
    await filled();
    const other = scratchFolder('memory');
    cleanUp.push(other.remove);
    await close(await open(other.path));
    copyFileSync(join(other.path, 'data.mdb'), file('data.mdb'));
    await expect(open()).rejects.toThrow(/"data\.mdb" is that of store [0-9a-f-]+, not of store [0-9a-f-]+/);
  });
});

test('an empty data file without a record of its store is not taken for a new store', async () => {
  writeFileSync(file('data.mdb'), '');
  await expect(open()).rejects.toThrow('"data.mdb" is empty');
  expect(readFileSync(file('data.mdb'))).toHaveLength(0);
});

test('a store whose creation was interrupted is created again', async () => {
  writeFileSync(file('identity.json'), JSON.stringify({ id: 'a', created: false }));
  writeFileSync(file('data.mdb'), '');
  await filled();
  expect(JSON.parse(readFileSync(file('identity.json'), 'utf8'))).toEqual({ id: 'a', created: true });
  expect((await (await open()).list('')).entries).toHaveLength(1);
});

test('data from before stores had an id is used, and has one from then on', async () => {
  await filled();
  rmSync(file('identity.json'));
  expect((await (await open()).list('')).entries).toHaveLength(1);
  expect(JSON.parse(readFileSync(file('identity.json'), 'utf8'))).toMatchObject({ created: true });
});

test('data that was moved to another folder is used there', async () => {
  await filled();
  const other = scratchFolder('memory');
  cleanUp.push(other.remove);
  copyFileSync(file('data.mdb'), join(other.path, 'data.mdb'));
  expect((await (await open(other.path)).list('')).entries).toHaveLength(1);
  expect(readFileSync(join(other.path, 'identity.json'), 'utf8')).toBe(
    readFileSync(file('identity.json'), 'utf8'),
  );
});
