import { deepStrictEqual, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { StartProgress } from '@gantry/core/contracts';
import { ended, ensure, ensureDeaf, find, is, type RuntimeCase, specOf, stop } from './subject.ts';

const TEN = Array.from({ length: 10 }, (_, index) => `t${index}`);

export const lifeCases: readonly RuntimeCase[] = [
  {
    name: 'ensure starts a task, and list returns it under the same id',
    async run({ runtime, workloads }, context) {
      const status = await ensure(runtime, context, 'a', workloads.sleeps);
      strictEqual(status.task, 'a');
      strictEqual(status.state, 'running');
      ok(status.id.length > 0, 'a task needs an id');
      ok((status.startedAt ?? 0) > 0, 'a running task has a start time');
      const listed = await find(runtime, context, 'a');
      strictEqual(listed?.state, 'running');
      strictEqual(listed.id, status.id);
    },
  },
  {
    name: 'a repeated ensure adopts a running task unchanged',
    async run({ runtime, workloads }, context) {
      const first = await ensure(runtime, context, 'a', workloads.sleeps);
      const second = await ensure(runtime, context, 'a', workloads.sleeps);
      strictEqual(second.id, first.id);
      strictEqual(second.state, 'running');
      strictEqual((await context.within(runtime.list(), 'the list')).length, 1);
    },
  },
  {
    name: 'ten ensures of one task at the same time start it once',
    async run({ runtime, workloads }, context) {
      const calls = TEN.map(() => runtime.ensure(specOf('a', workloads.sleeps)));
      const all = await context.within(Promise.all(calls), 'ten ensures');
      deepStrictEqual([...new Set(all.map(({ id }) => id))], [all[0]?.id]);
      strictEqual((await context.within(runtime.list(), 'the list')).length, 1);
    },
  },
  {
    name: 'ten tasks that are started at the same time all run',
    async run({ runtime, workloads }, context) {
      const calls = TEN.map((task) => runtime.ensure(specOf(task, workloads.sleeps)));
      const all = await context.within(Promise.all(calls), 'ten tasks to start');
      strictEqual(new Set(all.map(({ id }) => id)).size, 10);
      const listed = await context.within(runtime.list(), 'the list');
      deepStrictEqual(listed.map(({ task, state }) => `${task} ${state}`).sort(), [
        ...TEN.map((task) => `${task} running`),
      ]);
    },
  },
  {
    name: 'a task that ended on its own is listed with its exit code and times',
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.exits(7, 0));
      const { exitCode, startedAt = 0, finishedAt = 0 } = await ended(runtime, context, 'a');
      strictEqual(exitCode, 7);
      ok(startedAt > 0 && finishedAt >= startedAt, `started ${startedAt}, finished ${finishedAt}`);
    },
  },
  {
    name: 'a task that has ended is not started again by ensure',
    async run({ runtime, workloads }, context) {
      const { id } = await ensure(runtime, context, 'a', workloads.exits(0, 0));
      await ended(runtime, context, 'a');
      const again = await ensure(runtime, context, 'a', workloads.exits(0, 0));
      strictEqual(again.state, 'exited');
      strictEqual(again.id, id);
    },
  },
  {
    name: 'stop resolves once the task has ended by its stop signal, with exit code 128 + 15',
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      await stop(runtime, context, 'a');
      const status = await find(runtime, context, 'a');
      strictEqual(status?.state, 'exited');
      strictEqual(status.exitCode, 143);
    },
  },
  {
    name: 'stop sends the signal it is given instead',
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      await context.within(runtime.stop('a', { graceMs: 60_000, signal: 'SIGUSR1' }), 'the stop');
      strictEqual((await find(runtime, context, 'a'))?.exitCode, 138);
    },
  },
  {
    name: 'a task that ignores the stop signal is killed when the grace period expires, and not before',
    async run(subject, context) {
      const { runtime } = subject;
      const since = await ensureDeaf(subject, context, 'a');
      await stop(runtime, context, 'a', 120);
      const { exitCode, finishedAt = 0 } = (await find(runtime, context, 'a')) ?? {};
      strictEqual(exitCode, 137);
      ok(finishedAt - since >= 100, `ended ${finishedAt - since} ms after it could be stopped`);
    },
  },
  {
    name: 'a grace period of 0 kills immediately',
    async run(subject, context) {
      const { runtime } = subject;
      await ensureDeaf(subject, context, 'a');
      await stop(runtime, context, 'a', 0);
      strictEqual((await find(runtime, context, 'a'))?.exitCode, 137);
    },
  },
  {
    name: 'stopping a task again, an ended one or an unknown one changes nothing',
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.exits(3, 0));
      const before = await ended(runtime, context, 'a');
      await stop(runtime, context, 'a');
      await stop(runtime, context, 'a');
      await stop(runtime, context, 'none');
      const after = await find(runtime, context, 'a');
      deepStrictEqual([after?.id, after?.exitCode, after?.finishedAt], [before.id, 3, before.finishedAt]);
    },
  },
  {
    name: 'stop gives up a start that is under way',
    async run({ runtime, workloads }, context) {
      const starting = runtime.ensure(specOf('a', workloads.sleeps)).catch((error: unknown) => error);
      await stop(runtime, context, 'a');
      const outcome = await context.within(starting, 'the start to be given up');
      if (outcome instanceof Error) is('ABORTED', 'CONFLICT')(outcome);
      notStrictEqual((await find(runtime, context, 'a'))?.state, 'running');
    },
  },
  {
    name: 'two stops at the same time both resolve',
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      await Promise.all([stop(runtime, context, 'a'), stop(runtime, context, 'a')]);
      strictEqual((await find(runtime, context, 'a'))?.state, 'exited');
    },
  },
  {
    name: 'remove kills what runs and forgets it; the next ensure starts another',
    async run(subject, context) {
      const { runtime, workloads } = subject;
      await ensureDeaf(subject, context, 'a');
      const { id } = (await find(runtime, context, 'a')) ?? {};
      await context.within(runtime.remove('a'), 'the remove');
      strictEqual(await find(runtime, context, 'a'), undefined);
      const again = await ensure(runtime, context, 'a', workloads.sleeps);
      strictEqual(again.state, 'running');
      notStrictEqual(again.id, id);
    },
  },
  {
    name: 'remove again, and of what never was, changes nothing',
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      await ensure(runtime, context, 'b', workloads.exits(0, 0));
      await context.within(runtime.remove('b'), 'the remove');
      await context.within(runtime.remove('b'), 'the second remove');
      await context.within(runtime.remove('none'), 'the remove of none');
      strictEqual((await find(runtime, context, 'a'))?.state, 'running');
    },
  },
  {
    name: 'a task that can never start is INVALID_OBJECT, and leaves nothing behind',
    async run({ runtime, workloads }, context) {
      const call = context.within(runtime.ensure(specOf('a', workloads.hopeless)), 'the ensure');
      await rejects(call, is('INVALID_OBJECT'));
      deepStrictEqual(await context.within(runtime.list(), 'the list'), []);
    },
  },
  {
    name: 'a start reports its phases in order, and nothing once it has resolved',
    async run({ runtime, workloads }, context) {
      const phases: StartProgress['phase'][] = [];
      const onProgress = ({ phase, message }: StartProgress): void => {
        ok(message.length > 0, `${phase} has a message`);
        phases.push(phase);
      };
      const call = runtime.ensure(specOf('a', workloads.sleeps), { onProgress });
      await context.within(call, 'the ensure');
      const before = [...phases];
      strictEqual(before.at(-1), 'starting');
      const order = ['pulling', 'creating', 'starting'];
      deepStrictEqual(
        before,
        before.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)),
      );
      await stop(runtime, context, 'a');
      deepStrictEqual(phases, before);
    },
  },
  {
    name: 'a signal that has fired aborts ensure, and nothing is started',
    async run({ runtime, workloads }, context) {
      const call = runtime.ensure(specOf('a', workloads.sleeps), { signal: AbortSignal.abort('enough') });
      await rejects(context.within(call, 'the ensure'), is('ABORTED'));
      deepStrictEqual(await context.within(runtime.list(), 'the list'), []);
    },
  },
  {
    name: "info returns a name, a version and the machine's resources",
    async run({ runtime }, context) {
      const { name, version, capacity } = await context.within(runtime.info(), 'the info');
      ok(name.length > 0 && version.length > 0);
      ok((capacity.cpu ?? 0) > 0 && (capacity.memory ?? 0) > 0, JSON.stringify(capacity));
    },
  },
];
