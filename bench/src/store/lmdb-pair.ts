import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdbStore } from '@gantry/store-lmdb';
import { open } from 'lmdb';
import { type Pair, type Side, VALUE_TEXT } from './side.ts';
import { storeSide } from './store-side.ts';

/** The store in a directory, and lmdb-js in another one with the same settings: acknowledged writes are on the disk. */
export async function lmdbPair(): Promise<Pair> {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  const store = await storeSide(lmdbStore({ path: join(folder, 'store') }));
  const raw = rawSide(join(folder, 'raw'));
  return {
    store,
    raw,
    async [Symbol.asyncDispose]() {
      await Promise.all([store[Symbol.asyncDispose](), raw[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** LMDB has no watches. */
function rawSide(path: string): Side {
  const root = open<string, string>({
    path,
    noSubdir: false,
    encoding: 'string',
    overlappingSync: false,
    eventTurnBatching: false,
  });
  const entries = root.openDB<string, string>('entries', { encoding: 'string', useVersions: true });
  let version = 0;
  return {
    async put(key) {
      await entries.put(key, VALUE_TEXT, ++version);
    },
    async batch(keys) {
      await Promise.all(keys.map((key) => entries.put(key, VALUE_TEXT, ++version)));
    },
    async list(prefix) {
      let count = 0;
      for (const { value } of entries.getRange({ start: prefix, end: `${prefix}\uffff`, versions: true }))
        if (value !== '') count++;
      return count;
    },
    [Symbol.asyncDispose]: () => root.close(),
  };
}
