import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { ended, ensure, ensureDeaf, find, follow, is, type RuntimeCase, stop, told } from './subject.ts';

export const adoptionCases: readonly RuntimeCase[] = [
  {
    name: 'a new instance finds what runs, and ensure adopts it',
    async run({ runtime, restart, workloads }, context) {
      const { id } = await ensure(runtime, context, 'a', workloads.sleeps);
      const next = await context.within(restart(), 'the restart');
      const found = await find(next, context, 'a');
      deepStrictEqual([found?.state, found?.id], ['running', id]);
      deepStrictEqual((await ensure(next, context, 'a', workloads.sleeps)).id, id);
    },
  },
  {
    name: 'a task of another namespace, with a slash in its id, is found again under the same id',
    async run({ runtime, restart, workloads }, context) {
      const task = 'team-a/web.1.k2x9f0ab';
      const { id } = await ensure(runtime, context, task, workloads.sleeps);
      const next = await context.within(restart(), 'the restart');
      const found = await find(next, context, task);
      deepStrictEqual([found?.state, found?.id], ['running', id]);
      await stop(next, context, task);
      strictEqual((await find(next, context, task))?.exitCode, 143);
      await context.within(next.remove(task), 'the remove');
      deepStrictEqual(await context.within(next.list(), 'the list'), []);
    },
  },
  {
    name: 'a new instance finds what had ended, with its exit code',
    async run({ runtime, restart, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.exits(9, 0));
      const before = await ended(runtime, context, 'a');
      const after = await find(await context.within(restart(), 'the restart'), context, 'a');
      deepStrictEqual([after?.state, after?.exitCode, after?.id], ['exited', 9, before.id]);
    },
  },
  {
    name: 'a new instance receives the end of a task that it adopted, with its exit code',
    async run({ runtime, restart, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.exits(5, 500));
      const next = await context.within(restart(), 'the restart');
      const followed = follow(next, context.signal);
      const runs = (await find(next, context, 'a'))?.state === 'running';
      strictEqual((await ended(next, context, 'a')).exitCode, 5);
      // Unless the restart took so long that the task had ended before.
      if (runs) strictEqual((await told(followed, context, 'a', 'exited')).exitCode, 5);
    },
  },
  {
    name: 'a new instance stops and removes adopted tasks',
    async run(subject, context) {
      const { runtime, restart, workloads } = subject;
      await ensure(runtime, context, 'a', workloads.sleeps);
      await ensureDeaf(subject, context, 'b');
      const next = await context.within(restart(), 'the restart');
      await stop(next, context, 'a');
      strictEqual((await find(next, context, 'a'))?.exitCode, 143);
      await context.within(next.remove('a'), 'the remove');
      await context.within(next.remove('b'), 'the remove');
      deepStrictEqual(await context.within(next.list(), 'the list'), []);
    },
  },
  {
    name: 'every call is CLOSED after dispose, and a second dispose does nothing',
    skip: ({ runtime }) =>
      runtime[Symbol.asyncDispose] === undefined ? 'it holds nothing that has to be disposed' : undefined,
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      const followed = follow(runtime, context.signal);
      await context.within(runtime[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      await context.within(runtime[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'the second dispose');
      await context.until(() => followed.ended, 'the events to end');
      strictEqual(followed.error, undefined);
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        list: async () => await runtime.list(),
        ensure: async () => await ensure(runtime, context, 'b', workloads.sleeps),
        stop: async () => await runtime.stop('a', { graceMs: 0 }),
        remove: async () => await runtime.remove('a'),
      };
      for (const [name, call] of Object.entries(calls)) {
        await rejects(async () => await context.within(call(), name), is('CLOSED'), name);
      }
    },
  },
];
