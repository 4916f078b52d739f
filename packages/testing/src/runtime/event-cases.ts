import { ok, strictEqual } from 'node:assert/strict';
import { ensure, follow, type RuntimeCase, stop, told } from './subject.ts';

export const eventCases: readonly RuntimeCase[] = [
  {
    name: 'events report the start and the end of a task, with its exit code',
    async run({ runtime, workloads }, context) {
      const followed = follow(runtime, context.signal);
      const a = await ensure(runtime, context, 'a', workloads.sleeps);
      strictEqual((await told(followed, context, 'a', 'running')).id, a.id);
      // On a busy machine, a short task may have ended before its runtime has seen it run.
      const b = await ensure(runtime, context, 'b', workloads.exits(4, 100));
      const end = await told(followed, context, 'b', 'exited');
      strictEqual(end.id, b.id);
      strictEqual(end.exitCode, 4);
      ok((end.finishedAt ?? 0) > 0, 'an end has a time');
    },
  },
  {
    name: 'events report the end of a task that was stopped',
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      const followed = follow(runtime, context.signal);
      await stop(runtime, context, 'a');
      strictEqual((await told(followed, context, 'a', 'exited')).exitCode, 143);
    },
  },
  {
    name: 'two readers both get all events, and one that leaves does not end the other',
    async run({ runtime, workloads }, context) {
      const leaving = new AbortController();
      const [first, second] = [follow(runtime, leaving.signal), follow(runtime, context.signal)];
      await ensure(runtime, context, 'a', workloads.sleeps);
      await told(first, context, 'a', 'running');
      await told(second, context, 'a', 'running');
      leaving.abort();
      await context.until(() => first.ended, 'the first reader to end');
      strictEqual(first.error, undefined);
      await stop(runtime, context, 'a');
      await told(second, context, 'a', 'exited');
      ok(!first.events.some(({ state }) => state === 'exited'), 'the reader that left receives nothing more');
    },
  },
  {
    name: 'events end without an error when the signal fires, also one that fired before',
    async run({ runtime }, context) {
      const over = new AbortController();
      const followed = [follow(runtime, over.signal), follow(runtime, AbortSignal.abort())];
      over.abort();
      for (const one of followed) {
        await context.until(() => one.ended, 'the events to end');
        strictEqual(one.error, undefined);
      }
    },
  },
];
