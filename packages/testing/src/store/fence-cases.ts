import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import { put, type StoreCase, type StoreSubject } from './subject.ts';

const FENCE = 'leader/term';

function cannotFence({ store }: StoreSubject): string | undefined {
  return store.supports.fencing ? undefined : 'it has no fences';
}

export const fenceCases: readonly StoreCase[] = [
  {
    name: 'a commit is written while its fence stands, and answers each of its changes',
    skip: cannotFence,
    async run({ store }, context) {
      const revision = await put(store, context, FENCE, { leader: 'a' });
      const fence = { key: FENCE, revision };
      const stale = await put(store, context, 'tasks/b', 1);
      await put(store, context, 'tasks/b', 2);
      const changes = [
        { key: 'tasks/a', value: 1, expect: 'absent' },
        { key: 'tasks/b', value: 3, expect: stale },
        { key: 'tasks/c', value: 4 },
      ] as const;
      const outcomes = await context.within(store.commit(changes, { fence }), 'the commit');
      deepStrictEqual(
        outcomes.map(({ ok }) => ok),
        [true, false, true],
      );
      const { entries } = await context.within(store.list('tasks/'), 'list');
      deepStrictEqual(
        entries.map(({ value }) => value),
        [1, 2, 4],
      );
    },
  },
  {
    name: 'a commit whose fence has changed, or is gone, is FENCED and nothing of it is written',
    skip: cannotFence,
    async run({ store }, context) {
      const first = await put(store, context, FENCE, { leader: 'a' });
      const second = await put(store, context, FENCE, { leader: 'b' });
      const fences = [
        { key: FENCE, revision: first },
        { key: FENCE, revision: second + 1000 },
        { key: 'leader/none', revision: second },
      ];
      const changes = Array.from({ length: 300 }, (_, index) => ({ key: `tasks/${index}`, value: index }));
      for (const fence of fences) {
        for (const some of [changes.slice(0, 1), changes]) {
          const refused = async (): Promise<unknown> =>
            await context.within(store.commit(some, { fence }), 'the refusal');
          await rejects(refused, (error) => isGantryError(error, 'FENCED'), JSON.stringify(fence));
        }
      }
      deepStrictEqual((await context.within(store.list('tasks/'), 'list')).entries, []);
    },
  },
  {
    name: 'no commit of a writer is written once its fence has changed, even under concurrent writes',
    skip: cannotFence,
    async run({ store }, context) {
      const fence = { key: FENCE, revision: await put(store, context, FENCE, { leader: 'a' }) };
      let refused = 0;
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let index = 0; refused <= writer && index < 2000; index++) {
          const change = { key: `tasks/${writer}`, value: index };
          await context.within(store.commit([change], { fence }), 'the commit').catch((error: unknown) => {
            if (!isGantryError(error, 'FENCED')) throw error;
            refused++;
          });
        }
      });
      for (let index = 0; index < 5; index++) await put(store, context, 'nodes/a', index);
      const fenced = await put(store, context, FENCE, { leader: 'b' });
      await context.within(Promise.all(writers), 'the writers to be refused');
      const { entries } = await context.within(store.list('tasks/'), 'list');
      ok(refused >= 8, `${refused} commits were refused`);
      for (const { key, revision } of entries) ok(revision < fenced, `"${key}" was written after the fence`);
    },
  },
  {
    name: 'a store without fences says UNSUPPORTED to one and writes nothing',
    skip: ({ store }) => (store.supports.fencing ? 'it has fences' : undefined),
    async run({ store }, context) {
      const fence = { key: FENCE, revision: await put(store, context, FENCE, 1) };
      const refused = async (): Promise<unknown> =>
        await context.within(store.commit([{ key: 'tasks/a', value: 1 }], { fence }), 'the refusal');
      await rejects(refused, (error) => isGantryError(error, 'UNSUPPORTED'));
      strictEqual(await context.within(store.get('tasks/a'), 'get'), undefined);
    },
  },
];
