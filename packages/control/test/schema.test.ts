import { isGantryError } from '@gantry/core';
import type { Entry } from '@gantry/core/contracts';
import { SCHEMA_VERSION, STORE_KEYS } from '@gantry/core/model';
import { MemoryStore } from '@gantry/store-memory';
import { expect, test } from 'vitest';
import { MIGRATIONS, type Migration, migrate } from '../src/schema/migrate.ts';

const noted = async (store: MemoryStore): Promise<unknown> => (await store.get(STORE_KEYS.schema))?.value;

async function at(version: number | undefined): Promise<MemoryStore> {
  const store = new MemoryStore();
  const tasks = Array.from({ length: 1200 }, (_, index) => ({ key: `tasks/${index}`, value: { index } }));
  await store.commit(tasks);
  if (version !== undefined) await store.commit([{ key: STORE_KEYS.schema, value: { version } }]);
  return store;
}

const named: Migration = {
  from: 1,
  change: ({ key, value }: Entry) =>
    key.startsWith('tasks/') && !('name' in (value as object)) ? { ...(value as object), name: key } : value,
};
const fewer: Migration = {
  from: 2,
  change: ({ key, value }: Entry) => (key.startsWith('tasks/1') ? undefined : value),
};
const migrations = [fewer, named];

test('a state without a version gets this one, and nothing else is touched', async () => {
  const store = await at(undefined);
  const { revision } = await store.list('');
  expect(await migrate(store, { version: SCHEMA_VERSION, migrations: MIGRATIONS })).toEqual({
    from: undefined,
    changed: 0,
  });
  expect([await noted(store), (await store.list('')).revision]).toEqual([{ version: 1 }, revision + 1]);
});

test('a state of this version is left unchanged', async () => {
  const store = await at(1);
  const { revision } = await store.list('');
  await migrate(store, { version: 1, migrations: [] });
  expect((await store.list('')).revision).toBe(revision);
});

test('an older one goes through every version in between', async () => {
  const store = await at(1);
  const { from, changed } = await migrate(store, { version: 3, migrations });
  expect([from, changed, await noted(store)]).toEqual([1, 1200, { version: 3 }]);
  const { entries } = await store.list('tasks/');
  expect(
    entries.every(({ key, value }) => !key.startsWith('tasks/1') && (value as { name: string }).name === key),
  ).toBe(true);
});

test('two servers that migrate at the same time come to the same', async () => {
  const store = await at(1);
  const both = await Promise.allSettled([1, 2].map(() => migrate(store, { version: 2, migrations })));
  expect(both.some(({ status }) => status === 'fulfilled')).toBe(true);
  for (const each of both)
    if (each.status === 'rejected') expect(isGantryError(each.reason, 'CONFLICT')).toBe(true);
  expect(await noted(store)).toEqual({ version: 2 });
  expect(await migrate(store, { version: 2, migrations })).toEqual({ from: 2, changed: 0 });
});

test.each<[string, number, number, RegExp]>([
  ['a newer state', 7, 1, /its version is 7, and this program knows versions up to 1/],
  ['one from which no way leads here', 3, 5, /no migration leads from version 3 to 5/],
])('%s is rejected, and stays unchanged', async (_, version, wanted, message) => {
  const store = await at(version);
  const before = await store.list('');
  const error = await migrate(store, { version: wanted, migrations }).catch((thrown: unknown) => thrown);
  expect(isGantryError(error, 'UNSUPPORTED')).toBe(true);
  expect(String(error)).toMatch(message);
  expect(await store.list('')).toEqual(before);
});
