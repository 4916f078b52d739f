import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import {
  assertTold,
  commit,
  follow,
  mark,
  plain,
  put,
  reached,
  type StoreCase,
  seen,
  shown,
} from './subject.ts';

export const watchCases: readonly StoreCase[] = [
  {
    name: 'a watch sees every write after its start, in order, once, with value and revision',
    async run({ store }, context) {
      const since = await put(store, context, 'tasks/a', 'before');
      const followed = follow(store, 'tasks/', since, context.signal);
      const written: unknown[] = [];
      for (let index = 0; index < 20; index++) {
        const key = `tasks/${index % 7}`;
        written.push([key, { index }, await put(store, context, key, { index })]);
      }
      for (const value of ['after', 'and after that']) {
        const revision = await put(store, context, `tasks/${value.length}-z`, value);
        written.push([`tasks/${value.length}-z`, value, revision]);
        await reached(followed, revision, context);
      }
      assertTold(followed.events.map(shown), written);
    },
  },
  {
    name: 'a watch that starts in the past first receives missed events',
    async run({ store }, context) {
      const since = await put(store, context, 'tasks/a', 1);
      const wanted = [
        ['tasks/b', 2, await put(store, context, 'tasks/b', 2)],
        ['tasks/a', 3, await put(store, context, 'tasks/a', 3)],
      ];
      const followed = follow(store, 'tasks/', since, context.signal);
      await seen(followed, 2, context);
      wanted.push(['tasks/c', 4, await put(store, context, 'tasks/c', 4)]);
      await seen(followed, 3, context);
      deepStrictEqual(followed.events.map(shown), wanted);
    },
  },
  {
    name: 'a watch since the present sees nothing of the past',
    async run({ store }, context) {
      await put(store, context, 'tasks/a', 1);
      const { revision } = await context.within(store.list(''), 'list');
      const followed = follow(store, '', revision, context.signal);
      const end = await mark(store, context, 'tasks/z');
      await seen(followed, 1, context);
      deepStrictEqual(followed.events.map(shown), [['tasks/z', 'the end', end]]);
    },
  },
  {
    name: 'a delete is an event without a value',
    async run({ store }, context) {
      const since = await put(store, context, 'tasks/a', 1);
      const followed = follow(store, 'tasks/', since, context.signal);
      const [outcome] = await commit(store, context, { key: 'tasks/a', value: undefined });
      await seen(followed, 1, context);
      const event = followed.events[0] as StoreEvent;
      ok(outcome?.ok);
      deepStrictEqual(shown(event), ['tasks/a', undefined, outcome.revision]);
    },
  },
  {
    name: 'a watch receives only events under its prefix',
    async run({ store }, context) {
      const prefixes = ['a/', 'a/b', 'a', ''];
      const followed = prefixes.map((prefix) => follow(store, prefix, 0, context.signal));
      const keys = ['b/a', 'a/b', 'aa/1', 'a/bc', 'a/c', 'a/b/c', 'c'];
      const written: [string, unknown, number][] = [];
      for (const key of keys) written.push([key, key, await put(store, context, key, key)]);
      const again = await commit(store, context, ...keys.map((key) => ({ key, value: 'again' })));
      for (const [index, outcome] of again.entries())
        written.push([keys[index] as string, 'again', outcome.ok ? outcome.revision : 0]);
      const end = await mark(store, context, 'a/b/z');
      written.push(['a/b/z', 'the end', end]);
      for (const [index, prefix] of prefixes.entries()) {
        const one = followed[index] as (typeof followed)[number];
        await reached(one, end, context);
        const wanted = written.filter(([key]) => key.startsWith(prefix));
        assertTold(one.events.map(shown), wanted, `prefix "${prefix}":`);
      }
    },
  },
  {
    name: 'a rejected change is not an event, and a batch is never empty',
    async run({ store }, context) {
      const since = await put(store, context, 'tasks/a', 1);
      const followed = follow(store, 'tasks/', since, context.signal);
      const other = follow(store, 'nodes/', since, context.signal);
      await commit(store, context, { key: 'tasks/a', value: 2, expect: 'absent' });
      await commit(store, context, { key: 'tasks/a', value: 3, expect: since + 1000 });
      await mark(store, context, 'tasks/z');
      await mark(store, context, 'nodes/z');
      await seen(followed, 1, context);
      await seen(other, 1, context);
      deepStrictEqual(
        followed.events.map(({ key }) => key),
        ['tasks/z'],
      );
      strictEqual(followed.emptyBatches + other.emptyBatches, 0);
    },
  },
  {
    name: 'several watches see the same, each everything',
    async run({ store }, context) {
      const watches = Array.from({ length: 5 }, () => follow(store, 'tasks/', 0, context.signal));
      const changes = Array.from({ length: 30 }, (_, index) => ({ key: `tasks/${index}`, value: index }));
      await commit(store, context, ...changes);
      for (const followed of watches) {
        await seen(followed, 30, context);
        deepStrictEqual(
          followed.events.map(({ value }) => value),
          changes.map(({ value }) => value),
        );
      }
    },
  },
  {
    name: 'all events of one revision come in one batch, also to a lagging watcher',
    async run({ store }, context) {
      const since = await put(store, context, 'tasks/start', 0);
      const abort = AbortSignal.any([context.signal]);
      const slow = store.watch('tasks/', { since, signal: abort })[Symbol.asyncIterator]();
      let last = 0;
      for (let round = 0; round < 4; round++) {
        const changes = Array.from({ length: 60 }, (_, index) => ({ key: `tasks/${index}`, value: round }));
        const outcomes = await commit(store, context, ...changes);
        last = Math.max(...outcomes.map((outcome) => (outcome.ok ? outcome.revision : 0)));
      }
      for (let ended = since; ended < last; ) {
        const { value, done } = await context.within(slow.next(), 'a batch');
        ok(done !== true, 'the watch ended unexpectedly');
        const first = (value[0] as StoreEvent).revision;
        ok(
          first > ended,
          `a batch that begins with revision ${first} came after one that ended with ${ended}`,
        );
        ended = (value.at(-1) as StoreEvent).revision;
      }
      await slow.return?.();
    },
  },
  {
    name: 'list followed by watch neither misses nor repeats an event under concurrent writes',
    async run({ store }, context) {
      let writing = true;
      const writers = [0, 1, 2].map(async (writer) => {
        for (let index = 0; writing && index < 3000; index++) {
          const value = index % 5 === 4 ? undefined : { writer, index };
          await commit(store, context, { key: `tasks/${writer}-${index % 11}`, value });
        }
      });
      const caches: { cache: Map<string, readonly [unknown, number]>; follow: () => Promise<void> }[] = [];
      for (let reader = 0; reader < 6; reader++) {
        const { entries, revision } = await context.within(store.list('tasks/'), 'list');
        const cache = new Map(
          entries.map(({ key, value, revision }) => [key, [plain(value), revision] as const]),
        );
        const followed = follow(store, 'tasks/', revision, context.signal);
        const check = async (): Promise<void> => {
          await context.until(
            () => followed.ended || followed.events.some(({ key }) => key === 'tasks/z'),
            'the last event',
          );
          let last = revision;
          for (const event of followed.events) {
            ok(event.revision > last, `revision ${event.revision} came after ${last}`);
            last = event.revision;
            const listed = cache.get(event.key)?.[1] ?? 0;
            ok(listed < last, `the event ${last} of ${event.key} is in the list already`);
            if (event.value === undefined) cache.delete(event.key);
            else cache.set(event.key, [plain(event.value), event.revision]);
          }
        };
        caches.push({ cache, follow: check });
        await commit(store, context, { key: `tasks/reader-${reader}`, value: reader });
      }
      writing = false;
      await context.within(Promise.all(writers), 'the writers to stop');
      await mark(store, context, 'tasks/z');
      const { entries } = await context.within(store.list('tasks/'), 'list');
      const truth = entries.map(({ key, value, revision }) => [key, [plain(value), revision]]);
      for (const one of caches) {
        await one.follow();
        deepStrictEqual(
          [...one.cache].sort(([a], [b]) => (a < b ? -1 : 1)),
          truth,
        );
      }
    },
  },
  {
    name: 'a slow watcher misses nothing and does not hold up others',
    async run({ store }, context) {
      const since = await put(store, context, 'tasks/start', 0);
      const slow = store.watch('tasks/', { since, signal: context.signal })[Symbol.asyncIterator]();
      const first = slow.next();
      const written: unknown[] = [];
      const write = async (from: number, count: number): Promise<void> => {
        const numbers = Array.from({ length: count }, (_, index) => from + index);
        const changes = numbers.map((number) => ({ key: `tasks/${number % 700}`, value: number }));
        for (const [index, outcome] of (await commit(store, context, ...changes)).entries()) {
          const { key, value } = changes[index] as (typeof changes)[number];
          written.push([key, value, outcome.ok ? outcome.revision : 0]);
        }
      };
      await write(0, 1);
      const got = [...(await context.within(first, 'the first batch')).value];
      for (let start = 1; start < 2000; start += 100) await write(start, 100);
      const end = await mark(store, context, 'tasks/z');
      written.push(['tasks/z', 'the end', end]);
      while (got.at(-1)?.revision !== end) {
        const { value, done } = await context.within(slow.next(), `events after ${got.length}`);
        ok(done !== true, 'the watch ended unexpectedly');
        got.push(...value);
      }
      assertTold(got.map(shown), written);
    },
  },
  {
    name: 'a reader that changes an event changes nothing for the others',
    async run({ store }, context) {
      const followed = follow(store, 'tasks/', 0, context.signal);
      await put(store, context, 'tasks/a', { list: [1] });
      await seen(followed, 1, context);
      try {
        (followed.events[0] as StoreEvent<{ list: number[] }>).value?.list.push(2);
      } catch (error) {
        ok(error instanceof TypeError);
      }
      const late = follow(store, 'tasks/', 0, context.signal);
      await seen(late, 1, context);
      deepStrictEqual(plain(late.events[0]?.value), { list: [1] });
      deepStrictEqual(plain((await context.within(store.get('tasks/a'), 'get'))?.value), { list: [1] });
    },
  },
  {
    name: 'a fired signal ends a watch without an error',
    async run({ store }, context) {
      const abort = new AbortController();
      const followed = follow(store, 'tasks/', 0, abort.signal);
      await put(store, context, 'tasks/a', 1);
      await seen(followed, 1, context);
      abort.abort();
      await context.until(() => followed.ended, 'the watch to end');
      strictEqual(followed.error, undefined);
      await put(store, context, 'tasks/b', 1);
      strictEqual(followed.events.length, 1);
      const never = follow(store, 'tasks/', 0, abort.signal);
      await context.until(() => never.ended, 'a watch with a fired signal to end');
      strictEqual(never.error, undefined);
      deepStrictEqual(never.events, []);
    },
  },
  {
    name: 'a consumer that stops early disturbs no other',
    async run({ store }, context) {
      const followed = follow(store, 'tasks/', 0, context.signal);
      const early = (async () => {
        for await (const batch of store.watch('tasks/', { since: 0, signal: context.signal })) {
          return batch.length;
        }
        return 0;
      })();
      await put(store, context, 'tasks/a', 1);
      strictEqual(await context.within(early, 'the first batch'), 1);
      await put(store, context, 'tasks/b', 2);
      await seen(followed, 2, context);
    },
  },
  {
    name: 'a watch since events that are forgotten is COMPACTED, and a new list joins again',
    skip: ({ forget }) => (forget === undefined ? 'its history cannot be cut from outside' : undefined),
    async run({ store, forget }, context) {
      const since = await put(store, context, 'tasks/a', 1);
      await put(store, context, 'tasks/a', 2);
      await context.within(forget?.() ?? Promise.resolve(), 'the history to be cut');
      const followed = follow(store, 'tasks/', since, context.signal);
      await context.until(() => followed.ended, 'the watch to end');
      ok(isGantryError(followed.error, 'COMPACTED'), String(followed.error));
      deepStrictEqual(followed.events, []);
      const { revision } = await context.within(store.list('tasks/'), 'list');
      const anew = follow(store, 'tasks/', revision, context.signal);
      await mark(store, context, 'tasks/z');
      await seen(anew, 1, context);
    },
  },
];
