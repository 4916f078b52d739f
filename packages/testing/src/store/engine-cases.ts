import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { isGantryError, type Store } from '@gantry/core';
import type { CaseContext } from '../kit.ts';
import {
  assertTold,
  commit,
  follow,
  mark,
  plain,
  put,
  reached,
  type StoreCase,
  type StoreLink,
  type StoreSubject,
  shown,
} from './subject.ts';

function noRestart({ restart }: StoreSubject): string | undefined {
  return restart === undefined ? 'what keeps its data cannot be started again' : undefined;
}

function noSecond({ second }: StoreSubject): string | undefined {
  return second === undefined ? 'only one may be on its data' : undefined;
}

function noLink({ link }: StoreSubject): string | undefined {
  return link === undefined ? 'there is nothing between it and its data' : undefined;
}

export const engineCases: readonly StoreCase[] = [
  {
    name: 'written entries are present after a restart, with their revisions, and later revisions continue from there',
    skip: noRestart,
    async run({ store, restart }, context) {
      ok(store.supports.durable, 'it does not say that it is durable');
      for (let index = 0; index < 50; index++) await put(store, context, `tasks/${index % 20}`, { index });
      await commit(store, context, { key: 'tasks/3', value: undefined });
      const before = await context.within(store.list(''), 'list');
      const again = await context.within(restart?.() ?? Promise.reject(), 'the restart');
      const after = await reads(context, () => again.list(''));
      deepStrictEqual(plain(after.entries), plain(before.entries));
      ok(after.revision >= before.revision, `revision ${after.revision} after ${before.revision}`);
      const entry = before.entries[0];
      const change = { key: entry?.key ?? '', value: 'new', expect: entry?.revision };
      const [outcome] = await writes(context, again, change);
      ok(outcome?.ok === true && outcome.revision > before.revision);
    },
  },
  {
    name: 'a watch resumes across a restart: it delivers everything, in order and once',
    skip: noRestart,
    async run({ store, restart }, context) {
      const since = await put(store, context, 'tasks/start', 0);
      const written: unknown[] = [];
      const write = async (to: Store, from: number): Promise<number> => {
        let revision = 0;
        for (let index = from; index < from + 20; index++) {
          const [outcome] = await writes(context, to, { key: `tasks/${index}`, value: index });
          revision = outcome?.ok === true ? outcome.revision : 0;
          written.push([`tasks/${index}`, index, revision]);
        }
        return revision;
      };
      const before = follow(store, 'tasks/', since, context.signal);
      await reached(before, await write(store, 0), context);
      const again = await context.within(restart?.() ?? Promise.reject(), 'the restart');
      const goesOn = again === store;
      const rest = goesOn
        ? before
        : follow(again, 'tasks/', before.events.at(-1)?.revision ?? since, context.signal);
      await reached(rest, await write(again, 20), context);
      assertTold((goesOn ? before.events : [...before.events, ...rest.events]).map(shown), written);
    },
  },
  {
    name: 'two stores over the same data see each other’s writes, in one order',
    skip: noSecond,
    async run({ store, second }, context) {
      const other = await context.within(second?.() ?? Promise.reject(), 'the second store');
      const followed = [store, other].map((each) => follow(each, 'tasks/', 0, context.signal));
      const writers = [store, other].map(async (each, writer) => {
        for (let index = 0; index < 100; index++) await put(each, context, `tasks/${writer}-${index}`, index);
      });
      await context.within(Promise.all(writers), 'the writers');
      const end = await mark(other, context, 'tasks/z');
      for (const one of followed) await reached(one, end, context);
      deepStrictEqual(followed[0]?.events.map(shown), followed[1]?.events.map(shown));
      strictEqual(followed[0]?.events.length, 201);
    },
  },
  {
    name: 'a store reads the writes of another as soon as they are answered',
    skip: noSecond,
    async run({ store, second }, context) {
      const other = await context.within(second?.() ?? Promise.reject(), 'the second store');
      for (let index = 0; index < 50; index++) {
        const revision = await put(store, context, 'tasks/a', index);
        strictEqual((await context.within(other.get('tasks/a'), 'get'))?.value, index);
        const { entries, revision: listed } = await context.within(other.list('tasks/'), 'list');
        strictEqual(entries[0]?.value, index);
        ok(listed >= revision);
      }
    },
  },
  {
    name: 'exactly one of the writers on two stores with the same expectation wins each time',
    skip: noSecond,
    async run({ store, second }, context) {
      const other = await context.within(second?.() ?? Promise.reject(), 'the second store');
      let expect: number | 'absent' = 'absent';
      for (let round = 0; round < 30; round++) {
        const change = (by: number) => ({ key: 'leader/lease', value: { round, by }, expect });
        const answers = await Promise.all(
          [store, other, store, other].map((each, by) => commit(each, context, change(by))),
        );
        const won = answers.flatMap(([outcome], by) => (outcome?.ok === true ? [{ by, outcome }] : []));
        strictEqual(won.length, 1, `round ${round}: ${won.length} have won`);
        const entry = await context.within(other.get('leader/lease'), 'get');
        deepStrictEqual(plain(entry?.value), { round, by: won[0]?.by });
        expect = entry?.revision ?? 'absent';
      }
    },
  },
  {
    name: 'list followed by watch neither misses nor repeats an event while another store writes',
    skip: noSecond,
    async run({ store, second }, context) {
      const other = await context.within(second?.() ?? Promise.reject(), 'the second store');
      let writing = true;
      const writers = [0, 1].map(async (writer) => {
        for (let index = 0; writing && index < 3000; index++) {
          const value = index % 5 === 4 ? undefined : { writer, index };
          await commit(other, context, { key: `tasks/${writer}-${index % 11}`, value });
        }
      });
      const joins: (() => Promise<readonly unknown[]>)[] = [];
      for (let reader = 0; reader < 6; reader++) {
        const { entries, revision } = await context.within(store.list('tasks/'), 'list');
        const followed = follow(store, 'tasks/', revision, context.signal);
        joins.push(async () => {
          await context.until(() => followed.events.some(({ key }) => key === 'tasks/z'), 'the last event');
          const cache = new Map(
            entries.map(({ key, value, revision }) => [key, [plain(value), revision] as const]),
          );
          let last = revision;
          for (const event of followed.events) {
            ok(event.revision > last, `revision ${event.revision} came after ${last}`);
            last = event.revision;
            ok(
              (cache.get(event.key)?.[1] ?? 0) < last,
              `event ${last} of ${event.key} is in the list already`,
            );
            if (event.value === undefined) cache.delete(event.key);
            else cache.set(event.key, [plain(event.value), event.revision]);
          }
          return [...cache].sort(([a], [b]) => (a < b ? -1 : 1));
        });
        await put(other, context, `tasks/reader-${reader}`, reader);
      }
      writing = false;
      await context.within(Promise.all(writers), 'the writers to stop');
      await mark(other, context, 'tasks/z');
      const { entries } = await context.within(store.list('tasks/'), 'list');
      const truth = entries.map(({ key, value, revision }) => [key, [plain(value), revision]]);
      for (const join of joins) deepStrictEqual(await join(), truth);
    },
  },
  {
    name: 'calls fail as UNAVAILABLE or TIMEOUT while nothing gets through, and succeed afterwards',
    skip: noLink,
    async run({ store, link }, context) {
      const since = await put(store, context, 'tasks/a', 1);
      const followed = follow(store, 'tasks/', since, context.signal);
      link?.cut();
      const calls = {
        get: () => store.get('tasks/a'),
        list: () => store.list(''),
        commit: () => store.commit([{ key: 'tasks/b', value: 1 }]),
      };
      for (const [name, call] of Object.entries(calls)) {
        const error = await context.within(failure(call()), `${name} to fail`);
        ok(isGantryError(error, 'UNAVAILABLE', 'TIMEOUT'), `${name}: ${String(error)}`);
      }
      link?.heal();
      const entry = await reads(context, () => store.get('tasks/a'));
      strictEqual(entry?.value, 1);
      const [outcome] = await writes(context, store, { key: 'tasks/c', value: 2 });
      await reached(followed, outcome?.ok === true ? outcome.revision : 0, context);
      strictEqual(followed.ended, false);
    },
  },
  {
    name: 'a write whose answer is lost is reported as unknown, is done at most once, and a read shows its outcome',
    skip: noLink,
    async run({ store, link }, context) {
      const expect = await put(store, context, 'tasks/count', 0);
      const followed = follow(store, 'tasks/', expect, context.signal);
      (link as StoreLink).loseAnswers();
      const changes = [
        { key: 'tasks/count', value: 1, expect },
        { key: 'tasks/log', value: 'once' },
      ];
      const answers = changes.map((change) => failure(store.commit([change])));
      for (const error of await context.within(Promise.all(answers), 'the writes to fail')) {
        ok(
          isGantryError(error, 'TIMEOUT'),
          `expected TIMEOUT, since the outcome is unknown: ${String(error)}`,
        );
      }
      link?.heal();
      const end = await writes(context, store, { key: 'tasks/z', value: 'the end' });
      const entry = await reads(context, () => store.get('tasks/count'));
      const done = entry?.revision !== expect;
      strictEqual(entry?.value, done ? 1 : 0);
      const [again] = await writes(context, store, { key: 'tasks/count', value: 1, expect });
      strictEqual(again?.ok, !done, 'what was expected before the write still holds after it');
      await reached(followed, end[0]?.ok === true ? end[0].revision : 0, context);
      const logged = followed.events.filter(({ key }) => key === 'tasks/log');
      ok(logged.length <= 1, `the write was done ${logged.length} times`);
    },
  },
  {
    name: 'a wall clock that jumps changes nothing',
    skip: ({ jump }) => (jump === undefined ? 'it is given no clock' : undefined),
    async run({ store, jump }, context) {
      const followed = follow(store, 'tasks/', 0, context.signal);
      let last = 0;
      for (const ms of [0, 86_400_000, -2 * 86_400_000, 365 * 86_400_000, -366 * 86_400_000]) {
        jump?.(ms);
        const revision = await put(store, context, 'tasks/a', ms);
        ok(revision > last);
        last = revision;
        strictEqual((await context.within(store.get('tasks/a'), 'get'))?.value, ms);
        await reached(followed, revision, context);
      }
    },
  },
];

/** Retries a read until the engine answers again. */
async function reads<T>(context: CaseContext, read: () => Promise<T>): Promise<T> {
  const found = await context.until(
    () =>
      read().then(
        (value) => ({ value }),
        (error: unknown) => retried(error),
      ),
    'the engine to answer',
  );
  return found.value;
}

/** Retries a write until the engine answers again: an outage whose end has not been noticed yet does not count. */
async function writes(
  context: CaseContext,
  store: Store,
  change: Parameters<Store['commit']>[0][number],
): ReturnType<Store['commit']> {
  return await context.until(
    () => store.commit([change]).catch((error: unknown) => retried(error)),
    'the engine to take a write',
  );
}

function retried(error: unknown): false {
  if (isGantryError(error, 'UNAVAILABLE', 'TIMEOUT')) return false;
  throw error;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
}
