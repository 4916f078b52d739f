import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Store } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { SeededRandom } from '@gantry/testing';
import { open as openLmdb } from 'lmdb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LmdbStore, lmdbStore } from '../src/index.ts';
import { scratchFolder } from './scratch-folder.ts';

const { signal } = new AbortController();
let path = '';
const cleanUp: (() => unknown)[] = [];

beforeEach(() => {
  const scratch = scratchFolder('memory');
  cleanUp.push(scratch.remove);
  path = join(scratch.path, 'data');
});

afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

async function open(history?: number, folder = path): Promise<LmdbStore> {
  const store = new LmdbStore({ path: folder, ...(history !== undefined && { history }) });
  cleanUp.push(() => store[Symbol.asyncDispose]());
  await store.start(signal);
  return store;
}

async function fill(store: Store, count: number, key = (index: number) => `tasks/${index}`): Promise<void> {
  await store.commit(Array.from({ length: count }, (_, index) => ({ key: key(index), value: index })));
}

/** What a watch tells, up to the present. */
async function told(store: Store, prefix: string, since: number): Promise<StoreEvent[]> {
  const events: StoreEvent[] = [];
  const [end] = await store.commit([{ key: `${prefix}end`, value: 0 }]);
  for await (const batch of store.watch(prefix, { since, signal })) {
    events.push(...batch);
    if (end?.ok === true && events.at(-1)?.revision === end.revision) break;
  }
  return events.slice(0, -1);
}

/** Another program's, or an older or newer version's, environment. */
async function write(database: string, key: string, value: string): Promise<void> {
  const env = openLmdb({ path, noSubdir: false, overlappingSync: false });
  await env.openDB(database, { encoding: 'string', useVersions: true }).put(key, value, 1);
  await env.close();
}

describe('options', () => {
  test('are rejected if they are wrong or unknown', () => {
    for (const options of [{}, { path: '' }, { path, history: 0 }, { path, history: 1.5 }, { path, sync: 1 }])
      expect(() => lmdbStore(options as { path: string })).toThrow('store-lmdb');
  });

  test('touch nothing before the start', async () => {
    const store = lmdbStore({ path }).create({}) as LmdbStore;
    expect(existsSync(path)).toBe(false);
    await expect(store.get('tasks/a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await store[Symbol.asyncDispose]();
    await expect(store.start(signal)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(existsSync(path)).toBe(false);
  });
});

describe('the folder', () => {
  test('is made for its owner alone, and so are its files', async () => {
    await fill(await open(), 10);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of ['data.mdb', 'identity.json', 'lock.mdb', 'owner.json'])
      expect([name, statSync(join(path, name)).mode & 0o777]).toEqual([name, 0o600]);
  });

  test('may have a path longer than that of any socket', async () => {
    const store = await open(undefined, join(path, 'a'.repeat(120), 'b'.repeat(120)));
    await fill(store, 1);
  });

  test('is UNAVAILABLE if it is a file, is below one, or cannot be made', async () => {
    writeFileSync(path, '');
    for (const folder of [path, join(path, 'below'), '/sys/gantry']) {
      const started = open(undefined, folder);
      await expect(started).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(started).rejects.toThrow(`store-lmdb: cannot use the folder "${folder}": `);
    }
  });

  test('is one store’s own, in one process too; two folders are two stores', async () => {
    const store = await open();
    await fill(store, 3);
    await expect(open()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`"${path}" is in use by process ${process.pid} `),
    });
    const other = await open(undefined, `${path}-2`);
    expect((await other.list('')).entries).toEqual([]);
    await fill(store, 5);
    expect((await store.list('')).entries).toHaveLength(5);
  });

  test('is free again after dispose, and after a start that failed', async () => {
    await fill(await open(), 3);
    const second = new LmdbStore({ path });
    await expect(second.start(signal)).rejects.toThrow('in use');
    await expect(second.start(AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    await cleanUp.pop()?.();
    expect(readdirSync(path).toSorted()).toEqual(['data.mdb', 'identity.json', 'lock.mdb', 'owner.json']);
    await second.start(signal);
    expect((await second.list('')).entries).toHaveLength(3);
    await second[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  });

  test('goes to exactly one of many that start concurrently, however often', async () => {
    for (let round = 0; round < 10; round++) {
      const stores = Array.from({ length: 5 }, () => new LmdbStore({ path }));
      const started = await Promise.allSettled(stores.map((store) => store.start(signal)));
      expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const store of stores) await store[Symbol.asyncDispose]();
    }
  });
});

describe('foreign data', () => {
  test('is UNSUPPORTED if it has a newer format, naming both versions, and is left unchanged', async () => {
    await write('meta', 'format', '7');
    await expect(open()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: `store-lmdb: cannot use the folder "${path}": its data has format 7, this version of gantry knows up to 1`,
    });
    const env = openLmdb({ path, noSubdir: false, overlappingSync: false });
    expect([...env.getKeys()]).toEqual(['meta']);
    await env.close();
  });

  test('is UNSUPPORTED if it belongs to another program', async () => {
    await write('mail', 'key', 'value');
    await expect(open()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(open()).rejects.toThrow('something else, with "mail" in it');
  });

  test('is UNSUPPORTED if it is not an LMDB file, or was truncated, and does not crash the process', async () => {
    mkdirSync(path);
    for (const text of ['x'.repeat(20_000), '\0'.repeat(20_000), 'short']) {
      writeFileSync(join(path, 'data.mdb'), text);
      await expect(open()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
    rmSync(join(path, 'data.mdb'));
    mkdirSync(join(path, 'lock.mdb'));
    await expect(open()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    rmdirSync(join(path, 'lock.mdb'));
    const store = await open();
    await fill(store, 5000);
    await store[Symbol.asyncDispose]();
    truncateSync(join(path, 'data.mdb'), 40_960);
    await expect(open()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(open()).rejects.toThrow('"data.mdb" is damaged');
  });
});

describe('after a start', () => {
  test('a watch resumes from any revision the history holds, and delivers the current state of each key', async () => {
    const first = await open();
    await fill(first, 6000);
    const changes = [
      { key: 'tasks/1', value: 'new' },
      { key: 'tasks/2', value: undefined },
      { key: 'nodes/a', value: 1 },
      { key: 'tasks/3', value: undefined },
      { key: 'tasks/3', value: 'back' },
    ];
    await first.commit(changes);
    await first[Symbol.asyncDispose]();
    const store = await open();
    await store.commit([{ key: 'tasks/4', value: 'after the start' }]);
    const events = await told(store, 'tasks/', 2);
    expect(events.slice(0, 3).map(({ revision }) => revision)).toEqual([6, 7, 8]);
    expect(events).toHaveLength(6000 - 5 + 4);
    expect(events.slice(-4)).toEqual([
      { key: 'tasks/1', value: 'new', revision: 6001 },
      { key: 'tasks/2', value: undefined, revision: 6002 },
      { key: 'tasks/3', value: 'back', revision: 6005 },
      { key: 'tasks/4', value: 'after the start', revision: 6006 },
    ]);
    expect(Object.isFrozen(events[0])).toBe(true);
  });

  test('a watch from before the history is COMPACTED, also where the history has become shorter', async () => {
    const first = await open(1000);
    await fill(first, 3000);
    await first[Symbol.asyncDispose]();
    const second = await open(1000);
    await expect(told(second, 'tasks/', 1999)).rejects.toMatchObject({ code: 'COMPACTED' });
    expect(await told(second, 'tasks/', 2100)).toHaveLength(900);
    await second[Symbol.asyncDispose]();
    const third = await open(10);
    await fill(third, 20, () => 'tasks/same');
    await expect(told(third, 'tasks/', 2900)).rejects.toMatchObject({ code: 'COMPACTED' });
  });

  test('a watch that resumes ends with its signal and with the store', async () => {
    const first = await open();
    await fill(first, 12_000);
    await first[Symbol.asyncDispose]();
    const store = await open();
    const over = new AbortController();
    const watches = [over.signal, signal].map((signal) =>
      store.watch('tasks/', { since: 0, signal })[Symbol.asyncIterator](),
    );
    for (const watch of watches) expect((await watch.next()).done).toBe(false);
    over.abort();
    expect(await watches[0]?.next()).toEqual({ done: true, value: undefined });
    await store[Symbol.asyncDispose]();
    expect(await watches[1]?.next()).toEqual({ done: true, value: undefined });
  });

  test('revisions continue from the last write, even if that was a delete', async () => {
    const first = await open();
    await fill(first, 3);
    await first.commit([{ key: 'tasks/2', value: undefined }]);
    await first[Symbol.asyncDispose]();
    const store = await open();
    expect((await store.list('')).revision).toBe(4);
    expect(await store.commit([{ key: 'tasks/2', value: 1 }])).toEqual([{ ok: true, revision: 5 }]);
  });
});

test('dispose waits for the commits under way, and they are kept', async () => {
  const store = await open();
  const commits = Array.from({ length: 20 }, (_, index) =>
    store.commit([{ key: `tasks/${index}`, value: 1 }]),
  );
  await store[Symbol.asyncDispose]();
  expect((await Promise.all(commits)).every(([outcome]) => outcome?.ok)).toBe(true);
  expect((await (await open()).list('')).entries).toHaveLength(20);
});

test('a commit whose signal fires while it waits is ABORTED', async () => {
  const store = await open();
  const over = new AbortController();
  const commits = [
    store.commit([{ key: 'tasks/a', value: 1 }]),
    store.commit([{ key: 'tasks/b', value: 1 }], { signal: over.signal }),
  ];
  over.abort();
  await expect(commits[1]).rejects.toMatchObject({ code: 'ABORTED' });
  await commits[0];
  expect((await store.list('')).entries.map(({ key }) => key)).toEqual(['tasks/a']);
});

test('a commit of an owner that lost the folder is rejected, and so is every later one', async () => {
  const store = await open();
  await fill(store, 1);
  await write('meta', 'owner', 'another program');
  const env = openLmdb({ path, noSubdir: false, overlappingSync: false });
  await env.openDB('meta', { encoding: 'string', useVersions: true }).put('owner', 'another program', 99);
  await env.close();
  for (let again = 0; again < 2; again++)
    await expect(fill(store, 5)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect((await store.list('')).entries).toHaveLength(1);
});

test('the revision of a long value is known like that of a short one', async () => {
  const store = await open();
  let expected: number | 'absent' = 'absent';
  for (const length of [1, 40_000, 499_999, 70_000, 300_000]) {
    const value = 'é'.repeat(length);
    const [outcome] = await store.commit([{ key: 'tasks/a', value, expect: expected }]);
    expect(outcome?.ok).toBe(true);
    const entry = await store.get('tasks/a');
    expect(entry?.value === value && outcome?.ok === true && outcome.revision).toBe(entry?.revision);
    expect((await store.list('')).entries).toEqual([entry]);
    expected = entry?.revision ?? 0;
  }
});

test('keys of every length and letter are listed in the order of their code units', async () => {
  const random = new SeededRandom(3);
  const letters = 'AZaz09._-/';
  const keys = new Set<string>();
  while (keys.size < 3000) {
    const length = 1 + Math.floor(random.next() ** 4 * 512);
    const key = Array.from({ length }, () => letters[Math.floor(random.next() * letters.length)]).join('');
    if (!key.startsWith('/') && !key.endsWith('/') && !key.includes('//')) keys.add(key);
  }
  const store = await open();
  await store.commit([...keys].map((key) => ({ key, value: key })));
  for (const prefix of [
    '',
    'a',
    'a-',
    'Z.',
    '9/',
    [...keys][5] as string,
    'no key',
    '\uffff',
    'x'.repeat(3000),
  ]) {
    const wanted = [...keys].filter((key) => key.startsWith(prefix)).sort();
    expect((await store.list(prefix)).entries.map(({ key }) => key)).toEqual(wanted);
  }
});
