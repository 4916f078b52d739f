import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import { commit, plain, put, type StoreCase } from './subject.ts';

const odd = {
  empty: '',
  zero: 0,
  negative: -1.5,
  large: 9_007_199_254_740_991,
  no: false,
  nothing: null,
  list: [[], {}, [null, 'é', '\u0000', '😀']],
  'a key/with.any sign': { __proto__x: 1 },
};

export const writeCases: readonly StoreCase[] = [
  {
    name: 'a committed value is read back under its key with the revision of its write',
    async run({ store }, context) {
      const revision = await put(store, context, 'tasks/a', { state: 'new' });
      const entry = await context.within(store.get('tasks/a'), 'get');
      deepStrictEqual(plain(entry), { key: 'tasks/a', value: { state: 'new' }, revision });
    },
  },
  {
    name: 'an absent key reads as undefined',
    async run({ store }, context) {
      await put(store, context, 'tasks/a', 1);
      strictEqual(await context.within(store.get('tasks/b'), 'get'), undefined);
      strictEqual(await context.within(store.get('tasks'), 'get'), undefined);
    },
  },
  {
    name: 'every JSON value is stored unchanged',
    async run({ store }, context) {
      const values = [...Object.values(odd), odd];
      const changes = values.map((value, index) => ({ key: `values/${index}`, value }));
      await commit(store, context, ...changes);
      for (const { key, value } of changes) {
        deepStrictEqual(plain((await context.within(store.get(key), 'get'))?.value), plain(value));
      }
    },
  },
  {
    name: 'revisions are positive integers: each commit has larger ones than those before, none shrinks within it',
    async run({ store }, context) {
      let last = 0;
      for (const count of [1, 1, 5, 1, 40, 2]) {
        const keys = Array.from({ length: count }, (_, index) => `${'abc'[index % 3]}/${index}`);
        const outcomes = await commit(store, context, ...keys.map((key) => ({ key, value: last })));
        const revisions = outcomes.map((outcome) => (outcome.ok ? outcome.revision : 0));
        ok((revisions[0] as number) > last, `${revisions[0]} came after ${last}`);
        for (const revision of revisions) {
          ok(Number.isSafeInteger(revision) && revision >= last, `${revisions} after ${last}`);
          last = revision;
        }
        for (const [index, key] of keys.entries()) {
          const entry = await context.within(store.get(key), 'get');
          strictEqual(entry?.revision, revisions[index], `the entry of "${key}"`);
        }
      }
    },
  },
  {
    name: 'writes of one commit to one key have different revisions',
    async run({ store }, context) {
      const changes = [1, 2, 3].map((value) => ({ key: 'tasks/a', value }));
      const outcomes = await commit(store, context, ...changes, { key: 'tasks/b', value: 4 });
      const revisions = outcomes.map((outcome) => (outcome.ok ? outcome.revision : 0));
      strictEqual(new Set(revisions.slice(0, 3)).size, 3, String(revisions));
      strictEqual((await context.within(store.get('tasks/a'), 'get'))?.revision, revisions[2]);
    },
  },
  {
    name: 'a later write replaces the value',
    async run({ store }, context) {
      await put(store, context, 'tasks/a', { x: 1, y: 1 });
      await put(store, context, 'tasks/a', { x: 2 });
      deepStrictEqual(plain((await context.within(store.get('tasks/a'), 'get'))?.value), { x: 2 });
    },
  },
  {
    name: 'a delete removes the entry from get and list',
    async run({ store }, context) {
      await put(store, context, 'tasks/a', 1);
      await put(store, context, 'tasks/b', 2);
      const before = await put(store, context, 'tasks/c', 3);
      const [outcome] = await commit(store, context, { key: 'tasks/b', value: undefined });
      ok(outcome?.ok === true && outcome.revision > before);
      strictEqual(await context.within(store.get('tasks/b'), 'get'), undefined);
      const { entries } = await context.within(store.list('tasks/'), 'list');
      deepStrictEqual(
        entries.map(({ key }) => key),
        ['tasks/a', 'tasks/c'],
      );
    },
  },
  {
    name: 'deleting an absent key succeeds and makes no entry',
    async run({ store }, context) {
      const [outcome] = await commit(store, context, { key: 'tasks/a', value: undefined });
      strictEqual(outcome?.ok, true);
      strictEqual(await context.within(store.get('tasks/a'), 'get'), undefined);
      deepStrictEqual((await context.within(store.list(''), 'list')).entries, []);
    },
  },
  {
    name: 'expecting absence writes if there is no entry and is rejected if there is one',
    async run({ store }, context) {
      const change = { key: 'tasks/a', value: 'first', expect: 'absent' } as const;
      strictEqual((await commit(store, context, change))[0]?.ok, true);
      const [second] = await commit(store, context, { ...change, value: 'second' });
      ok(second?.ok === false);
      strictEqual(second.current?.value, 'first');
      await commit(store, context, { key: 'tasks/a', value: undefined });
      strictEqual((await commit(store, context, { ...change, value: 'third' }))[0]?.ok, true);
      strictEqual((await context.within(store.get('tasks/a'), 'get'))?.value, 'third');
    },
  },
  {
    name: 'expecting the current revision writes',
    async run({ store }, context) {
      const revision = await put(store, context, 'tasks/a', 1);
      const [outcome] = await commit(store, context, { key: 'tasks/a', value: 2, expect: revision });
      ok(outcome?.ok === true && outcome.revision > revision);
      strictEqual((await context.within(store.get('tasks/a'), 'get'))?.value, 2);
    },
  },
  {
    name: 'a stale expectation is rejected with the current entry and changes nothing',
    async run({ store }, context) {
      const stale = await put(store, context, 'tasks/a', 1);
      const revision = await put(store, context, 'tasks/a', 2);
      const [outcome] = await commit(store, context, { key: 'tasks/a', value: 3, expect: stale });
      const current = { key: 'tasks/a', value: 2, revision };
      deepStrictEqual(plain(outcome), { ok: false, current });
      deepStrictEqual(plain(await context.within(store.get('tasks/a'), 'get')), current);
    },
  },
  {
    name: 'expecting a revision of an absent key is rejected without a current entry',
    async run({ store }, context) {
      const revision = await put(store, context, 'tasks/a', 1);
      await commit(store, context, { key: 'tasks/a', value: undefined });
      const [outcome] = await commit(store, context, { key: 'tasks/a', value: 2, expect: revision });
      ok(outcome?.ok === false);
      strictEqual(outcome.current, undefined);
      strictEqual(await context.within(store.get('tasks/a'), 'get'), undefined);
    },
  },
  {
    name: 'a delete keeps to its expectation',
    async run({ store }, context) {
      const stale = await put(store, context, 'tasks/a', 1);
      const revision = await put(store, context, 'tasks/a', 2);
      const remove = { key: 'tasks/a', value: undefined };
      strictEqual((await commit(store, context, { ...remove, expect: stale }))[0]?.ok, false);
      strictEqual((await commit(store, context, { ...remove, expect: 'absent' }))[0]?.ok, false);
      strictEqual((await context.within(store.get('tasks/a'), 'get'))?.value, 2);
      strictEqual((await commit(store, context, { ...remove, expect: revision }))[0]?.ok, true);
      strictEqual(await context.within(store.get('tasks/a'), 'get'), undefined);
    },
  },
  {
    name: 'a rejected change does not stop the others of its commit, and each is answered in its place',
    async run({ store }, context) {
      await put(store, context, 'tasks/b', 'old');
      const outcomes = await commit(
        store,
        context,
        { key: 'tasks/a', value: 1 },
        { key: 'tasks/b', value: 2, expect: 'absent' },
        { key: 'tasks/c', value: 3 },
      );
      deepStrictEqual(
        outcomes.map(({ ok }) => ok),
        [true, false, true],
      );
      const { entries } = await context.within(store.list('tasks/'), 'list');
      deepStrictEqual(
        entries.map(({ value }) => value),
        [1, 'old', 3],
      );
    },
  },
  {
    name: 'the changes of one commit are done in the given order, also on one key',
    async run({ store }, context) {
      const outcomes = await commit(
        store,
        context,
        { key: 'tasks/a', value: 1, expect: 'absent' },
        { key: 'tasks/a', value: 2, expect: 'absent' },
        { key: 'tasks/a', value: 3 },
        { key: 'tasks/b', value: 4 },
        { key: 'tasks/b', value: undefined },
      );
      deepStrictEqual(
        outcomes.map(({ ok }) => ok),
        [true, false, true, true, true],
      );
      strictEqual((await context.within(store.get('tasks/a'), 'get'))?.value, 3);
      strictEqual(await context.within(store.get('tasks/b'), 'get'), undefined);
    },
  },
  {
    name: 'an empty commit has an empty result',
    async run({ store }, context) {
      deepStrictEqual(await commit(store, context), []);
    },
  },
  {
    name: 'exactly one of many writers with the same expectation wins',
    async run({ store }, context) {
      const expect = await put(store, context, 'tasks/a', 'start');
      const writers = Array.from({ length: 20 }, (_, index) =>
        commit(store, context, { key: 'tasks/a', value: index, expect }),
      );
      const won = (await Promise.all(writers)).map(([outcome]) => outcome?.ok);
      strictEqual(won.filter((one) => one === true).length, 1);
      strictEqual((await context.within(store.get('tasks/a'), 'get'))?.value, won.indexOf(true));
    },
  },
  {
    name: 'later changes of a written object by its writer do not reach the store',
    async run({ store }, context) {
      const value = { state: 'new', inner: { list: [1] } };
      await put(store, context, 'tasks/a', value);
      attempt(() => Object.assign(value, { state: 'changed' }));
      attempt(() => value.inner.list.push(2));
      const found = await context.within(store.get('tasks/a'), 'get');
      deepStrictEqual(plain(found?.value), { state: 'new', inner: { list: [1] } });
    },
  },
  {
    name: 'changes of a value by a reader do not reach the next reader',
    async run({ store }, context) {
      await put(store, context, 'tasks/a', { inner: { list: [1] } });
      const { entries } = await context.within(store.list(''), 'list');
      for (const entry of [await context.within(store.get('tasks/a'), 'get'), entries[0]]) {
        const value = entry?.value as { inner: { list: number[] } };
        attempt(() => Object.assign(value, { more: 'added' }));
        attempt(() => value.inner.list.push(2));
      }
      const found = await context.within(store.get('tasks/a'), 'get');
      deepStrictEqual(plain(found?.value), { inner: { list: [1] } });
    },
  },
  {
    name: 'a value that is not JSON is a TypeError, and nothing of its commit is written',
    async run({ store }, context) {
      const cycle: { self?: unknown } = {};
      cycle.self = cycle;
      const wrong = [
        () => 1,
        1n,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        new Date(0),
        new Map(),
        cycle,
        Symbol('s'),
      ];
      for (const bad of [...wrong, { deep: [{ bad: wrong[0] }] }, [undefined]]) {
        const changes = [
          { key: 'tasks/a', value: 1 },
          { key: 'tasks/b', value: bad },
        ];
        await rejects(
          async () => await commit(store, context, ...changes),
          isTypeError,
          `took ${typeof bad}`,
        );
      }
      deepStrictEqual((await context.within(store.list(''), 'list')).entries, []);
    },
  },
  {
    name: 'a malformed key is a TypeError, and nothing of its commit is written',
    async run({ store }, context) {
      for (const key of ['', '/', 'a/', '/a', 'a//b', 'a b', 'a/é', 'a:b', 'a\n', 7 as unknown as string]) {
        const changes = [
          { key: 'tasks/a', value: 1 },
          { key, value: 2 },
        ];
        await rejects(async () => await commit(store, context, ...changes), isTypeError, `took "${key}"`);
        await rejects(async () => await context.within(store.get(key), 'get'), isTypeError, `read "${key}"`);
      }
      deepStrictEqual((await context.within(store.list(''), 'list')).entries, []);
    },
  },
];

/** Attempts a change to a frozen value. It throws, which is as good as the change having no effect. */
function attempt(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

function isTypeError(error: unknown): boolean {
  return error instanceof TypeError && !isGantryError(error);
}
