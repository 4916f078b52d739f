import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { commit, plain, put, type StoreCase } from './subject.ts';

const KEYS = ['Z/1', 'a', 'a-b/1', 'a.b', 'a/1', 'a/10', 'a/2', 'a/b/c', 'a0/1', 'aa', 'b/1', 'b/_', 'b/a'];
const MANY = 10_000;
const PER_COMMIT = 500;

export const listCases: readonly StoreCase[] = [
  {
    name: 'a list is sorted by the UTF-16 code units of its keys',
    async run({ store }, context) {
      const order = [7, 2, 11, 0, 5, 9, 4, 12, 1, 3, 10, 6, 8].map((index) => KEYS[index] as string);
      for (const key of order) await put(store, context, key, key);
      const { entries } = await context.within(store.list(''), 'list');
      deepStrictEqual(
        entries.map(({ key }) => key),
        [...KEYS].sort(),
      );
    },
  },
  {
    name: 'a list holds every entry whose key starts with the prefix, and no other',
    async run({ store }, context) {
      await commit(store, context, ...KEYS.map((key) => ({ key, value: key })));
      for (const prefix of ['', 'a', 'a/', 'a/1', 'a/b/', 'a-', 'b/', 'b/1', 'aa', 'none', 'a/1/', 'Z']) {
        const { entries } = await context.within(store.list(prefix), `the list of "${prefix}"`);
        const wanted = KEYS.filter((key) => key.startsWith(prefix)).sort();
        deepStrictEqual(
          entries.map(({ key }) => key),
          wanted,
          `prefix "${prefix}"`,
        );
      }
    },
  },
  {
    name: 'an empty list still has its revision',
    async run({ store }, context) {
      const revision = await put(store, context, 'tasks/a', 1);
      const listing = await context.within(store.list('nodes/'), 'list');
      deepStrictEqual(listing.entries, []);
      ok(listing.revision >= revision, `${listing.revision} is before the last write ${revision}`);
    },
  },
  {
    name: 'the entries of a list are those that get returns, none newer than the listing',
    async run({ store }, context) {
      await commit(store, context, ...KEYS.map((key, index) => ({ key, value: { index } })));
      await put(store, context, 'a/2', { index: 'again' });
      const { entries, revision } = await context.within(store.list(''), 'list');
      for (const entry of entries) {
        deepStrictEqual(plain(entry), plain(await context.within(store.get(entry.key), 'get')));
        ok(entry.revision <= revision);
      }
    },
  },
  {
    name: 'a list stays sorted and complete while keys come, go and come back',
    async run({ store }, context) {
      const alive = new Set<string>();
      for (let round = 0; round < 6; round++) {
        const changes = Array.from({ length: 40 }, (_, index) => {
          const key = `tasks/${(index * 7 + round * 13) % 50}`;
          const gone = (index + round) % 3 === 0;
          if (gone) alive.delete(key);
          else alive.add(key);
          return { key, value: gone ? undefined : round };
        });
        await commit(store, context, ...changes);
        const { entries } = await context.within(store.list('tasks/'), 'list');
        deepStrictEqual(
          entries.map(({ key }) => key),
          [...alive].sort(),
        );
      }
    },
  },
  {
    name: 'ten thousand keys are listed, whole and in order',
    async run({ store }, context) {
      const keys = Array.from({ length: MANY }, (_, index) => `tasks/${(index * 7919) % MANY}`);
      for (let start = 0; start < MANY; start += PER_COMMIT) {
        const changes = keys.slice(start, start + PER_COMMIT).map((key) => ({ key, value: { key } }));
        const outcomes = await commit(store, context, ...changes);
        ok(outcomes.every((outcome) => outcome.ok));
      }
      const { entries } = await context.within(store.list('tasks/'), 'list');
      strictEqual(entries.length, MANY);
      deepStrictEqual(
        entries.map(({ key }) => key),
        keys.sort(),
      );
    },
  },
];
