import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import type { Change } from '@gantry/core/contracts';
import { commit, plain, put, type StoreCase } from './subject.ts';

const MANY = 100_000;
const PER_COMMIT = 5000;
const LONG = 'tasks/long';

export const limitCases: readonly StoreCase[] = [
  {
    name: 'a hundred thousand keys are listed, whole and in order, all or a part of them',
    async run({ store }, context) {
      const keys = Array.from({ length: MANY }, (_, index) => `tasks/${(index * 7919) % MANY}`);
      for (let start = 0; start < MANY; start += PER_COMMIT) {
        const changes = keys.slice(start, start + PER_COMMIT).map((key) => ({ key, value: { key } }));
        const outcomes = await commit(store, context, ...changes);
        ok(outcomes.every((outcome) => outcome.ok));
      }
      for (const prefix of ['tasks/', 'tasks/77', '']) {
        const { entries } = await context.within(store.list(prefix), 'list');
        const wanted = keys.filter((key) => key.startsWith(prefix)).sort();
        strictEqual(entries.length, wanted.length);
        ok(
          entries.every(({ key }, index) => key === wanted[index]),
          `the order below "${prefix}"`,
        );
        ok(
          entries.every(({ key, value }) => (value as { key: string }).key === key),
          'the values',
        );
      }
    },
  },
  {
    name: 'a commit with more changes than an engine accepts at once is answered change by change',
    async run({ store }, context) {
      const stale = await put(store, context, 'tasks/0', 'old');
      const first = await put(store, context, 'tasks/0', 'older');
      const changes: Change[] = Array.from({ length: 1000 }, (_, index) => ({
        key: `tasks/${index % 900}`,
        value: index,
        ...(index % 10 === 0 && { expect: index === 0 ? stale : ('absent' as const) }),
      }));
      const outcomes = await commit(store, context, ...changes);
      const model = new Map<string, unknown>([['tasks/0', 'older']]);
      for (const [index, { key, value, expect }] of changes.entries()) {
        const fits = expect === undefined || (expect === 'absent' && !model.has(key));
        strictEqual(outcomes[index]?.ok, fits, `change ${index} of "${key}"`);
        if (fits) model.set(key, value);
      }
      deepStrictEqual(plain(outcomes[0]), {
        ok: false,
        current: { key: 'tasks/0', value: 'older', revision: first },
      });
      const { entries } = await context.within(store.list('tasks/'), 'list');
      deepStrictEqual(new Map(entries.map(({ key, value }) => [key, plain(value)])), model);
    },
  },
  {
    name: 'a value as long as the store takes is kept, and many of them in one commit',
    async run({ store }, context) {
      const length = Math.min(store.supports.maxValueBytes, 1_000_000) - 2; // the quotes count
      const changes = Array.from({ length: 8 }, (_, index) => ({
        key: `${LONG}-${index}`,
        value: String(index).repeat(length),
      }));
      const outcomes = await commit(store, context, ...changes);
      ok(outcomes.every((outcome) => outcome.ok));
      const { entries } = await context.within(store.list('tasks/'), 'list');
      for (const [index, { value }] of entries.entries())
        ok(value === changes[index]?.value, `value ${index}`);
    },
  },
  {
    name: 'a value longer than the store takes is INVALID_OBJECT, and nothing of its commit is written',
    skip: ({ store }) => (store.supports.maxValueBytes === Infinity ? 'it has no limit' : undefined),
    async run({ store }, context) {
      const length = store.supports.maxValueBytes - 1;
      for (const value of ['x'.repeat(length), 'é'.repeat(Math.ceil(length / 2))]) {
        const changes = [
          { key: 'tasks/a', value: 1 },
          { key: LONG, value },
        ];
        const refused = async (): Promise<unknown> => await commit(store, context, ...changes);
        await rejects(
          refused,
          (error) => isGantryError(error, 'INVALID_OBJECT') && error.message.includes(LONG),
        );
      }
      deepStrictEqual((await context.within(store.list(''), 'list')).entries, []);
    },
  },
];
