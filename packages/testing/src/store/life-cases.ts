import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import { follow, put, type StoreCase, type StoreSubject, seen } from './subject.ts';

function cannotClose({ store }: StoreSubject): string | undefined {
  return store[Symbol.asyncDispose] === undefined ? 'it holds nothing that has to be disposed' : undefined;
}

export const lifeCases: readonly StoreCase[] = [
  {
    name: 'a signal that has fired aborts get, list and commit, and nothing is written',
    async run({ store }, context) {
      const options = { signal: AbortSignal.abort('enough') };
      const calls = {
        get: () => store.get('tasks/a', options),
        list: () => store.list('', options),
        commit: () => store.commit([{ key: 'tasks/a', value: 1 }], options),
      };
      for (const [name, call] of Object.entries(calls)) {
        await rejects(async () => await context.within<unknown>(call(), name), is('ABORTED'), name);
      }
      deepStrictEqual((await context.within(store.list(''), 'list')).entries, []);
    },
  },
  {
    name: 'a signal that does not fire changes nothing',
    async run({ store }, context) {
      const { signal } = new AbortController();
      await context.within(store.commit([{ key: 'tasks/a', value: 1 }], { signal }), 'commit');
      strictEqual((await context.within(store.get('tasks/a', { signal }), 'get'))?.value, 1);
      strictEqual((await context.within(store.list('', { signal }), 'list')).entries.length, 1);
    },
  },
  {
    name: 'every call is CLOSED after dispose',
    skip: cannotClose,
    async run({ store }, context) {
      await put(store, context, 'tasks/a', 1);
      await context.within(store[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      const calls = {
        get: async () => await store.get('tasks/a'),
        list: async () => await store.list(''),
        commit: async () => await store.commit([{ key: 'tasks/a', value: 2 }]),
        watch: async () => {
          for await (const _ of store.watch('', { since: 0, signal: context.signal }));
        },
      };
      for (const [name, call] of Object.entries(calls)) {
        await rejects(async () => await context.within<unknown>(call(), name), is('CLOSED'), name);
      }
    },
  },
  {
    name: 'dispose ends open watches without an error',
    skip: cannotClose,
    async run({ store }, context) {
      const watches = ['', 'tasks/', 'none/'].map((prefix) => follow(store, prefix, 0, context.signal));
      await put(store, context, 'tasks/a', 1);
      for (const followed of watches.slice(0, 2)) await seen(followed, 1, context);
      await context.within(store[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      for (const followed of watches) {
        await context.until(() => followed.ended, 'the watch to end');
        strictEqual(followed.error, undefined);
      }
    },
  },
  {
    name: 'a second dispose does nothing',
    skip: cannotClose,
    async run({ store }, context) {
      await context.within(store[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      await context.within(store[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'the second dispose');
      ok(true);
    },
  },
];

function is(code: 'ABORTED' | 'CLOSED'): (error: unknown) => boolean {
  return (error) => isGantryError(error, code);
}
