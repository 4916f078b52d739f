import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { ExecSession } from '@gantry/core/api';
import type { CaseContext } from '../kit.ts';
import {
  ensure,
  find,
  is,
  type RuntimeCase,
  type RuntimeSubject,
  readLogs,
  specOf,
  stop,
  type Workload,
  written,
} from './subject.ts';

const LINES = ['one', 'two', 'three'];

const needs =
  (what: 'exec' | 'logs' | 'stats') =>
  ({ runtime }: RuntimeSubject): string | undefined =>
    runtime.supports[what] ? undefined : `it has no ${what}`;

async function outcome(session: ExecSession, context: CaseContext): Promise<{ text: string; code: number }> {
  let text = '';
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for await (const { data } of session.output) text += decoder.decode(data, { stream: true });
  };
  await context.within(read(), 'the output to end');
  return { text, code: await context.within(session.exitCode, 'the exit code') };
}

export const capabilityCases: readonly RuntimeCase[] = [
  {
    name: 'exec, logs and stats exist exactly if supports says so',
    run({ runtime }) {
      for (const name of ['exec', 'logs', 'stats'] as const) {
        strictEqual(typeof runtime[name], runtime.supports[name] ? 'function' : 'undefined', name);
      }
    },
  },
  {
    name: 'a template that needs what supports denies is UNSUPPORTED, and nothing is started',
    async run({ runtime, workloads }, context) {
      const { supports } = runtime;
      const limits = (limit: object): Workload => ({ resources: { requests: {}, limits: limit } });
      const denied: [string, boolean, Workload][] = [
        ['image', supports.images, { image: 'kit:1' }],
        ['cpu limit', supports.limits.cpu, limits({ cpu: 100 })],
        ['memory limit', supports.limits.memory, limits({ memory: 2 ** 30 })],
        ['pids limit', supports.limits.pids, limits({ pids: 100 })],
        ['init', supports.init, { init: true }],
        ['logging', supports.logging === true, { logging: { driver: 'json-file', options: {} } }],
        ['user', supports.user, { user: 'nobody' }],
        [
          'bind mount',
          supports.mounts.includes('bind'),
          { mounts: [{ type: 'bind', source: '/tmp', target: '/x', readOnly: true }] },
        ],
        ['tmpfs mount', supports.mounts.includes('tmpfs'), { mounts: [{ type: 'tmpfs', target: '/x' }] }],
      ];
      for (const [what, supported, workload] of denied) {
        if (supported) continue;
        const call = runtime.ensure(specOf('a', { ...workloads.sleeps, ...workload }));
        await rejects(context.within(call, what), is('UNSUPPORTED'), what);
      }
      deepStrictEqual(await context.within(runtime.list(), 'the list'), []);
    },
  },
  {
    name: 'prepare starts nothing, may be repeated, and the task starts afterwards',
    skip: ({ runtime }) => (runtime.prepare === undefined ? 'it has nothing to prepare' : undefined),
    async run({ runtime, workloads }, context) {
      const { task, template } = specOf('a', workloads.sleeps);
      for (let times = 0; times < 2; times++) {
        await context.within(Promise.resolve(runtime.prepare?.({ task, template })), 'prepare');
      }
      deepStrictEqual(await context.within(runtime.list(), 'the list'), []);
      strictEqual((await ensure(runtime, context, 'a', workloads.sleeps)).state, 'running');
    },
  },
  {
    name: 'exec, logs and stats of an unknown task are NOT_FOUND',
    async run({ runtime, commands }, context) {
      const { supports } = runtime;
      if (supports.exec) {
        const command = commands?.exits(0) ?? [];
        const call = async () => await runtime.exec?.('none', { command });
        await rejects(context.within(call(), 'exec'), is('NOT_FOUND'), 'exec');
      }
      if (supports.logs) await rejects(readLogs(runtime, context, 'none'), is('NOT_FOUND'), 'logs');
      if (supports.stats) {
        const call = async () => await runtime.stats?.('none');
        await rejects(context.within(call(), 'stats'), is('NOT_FOUND'), 'stats');
      }
    },
  },
  {
    name: 'logs return the lines of a task in order, with stream and time',
    skip: needs('logs'),
    async run({ runtime, workloads }, context) {
      const { startedAt = 0 } = await ensure(runtime, context, 'a', workloads.prints(LINES));
      await written(runtime, context, 'a', 3);
      const lines = await readLogs(runtime, context, 'a');
      deepStrictEqual(
        lines.map(({ text, stream }) => `${stream} ${text}`),
        [...LINES.map((line) => `stdout ${line}`)],
      );
      // Clocks of engines differ from the test's by more than a ms.
      ok(lines.every(({ time }) => time >= startedAt - 1000 && time <= startedAt + 600_000));
    },
  },
  {
    name: 'logs with a tail return the given number of lines from the end',
    skip: needs('logs'),
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.prints(LINES));
      await written(runtime, context, 'a', 3);
      const lines = await readLogs(runtime, context, 'a', { tail: 2 });
      deepStrictEqual(
        lines.map(({ text }) => text),
        ['two', 'three'],
      );
    },
  },
  {
    name: 'logs since a time omit older lines',
    skip: needs('logs'),
    async run({ runtime, workloads }, context) {
      const { startedAt = 0 } = await ensure(runtime, context, 'a', workloads.prints(LINES));
      await written(runtime, context, 'a', 3);
      deepStrictEqual((await readLogs(runtime, context, 'a', { since: startedAt - 60_000 })).length, 3);
      deepStrictEqual(await readLogs(runtime, context, 'a', { since: startedAt + 600_000 }), []);
    },
  },
  {
    name: 'logs with follow continue until the task ends',
    skip: needs('logs'),
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.prints(LINES));
      let over = false;
      const reading = readLogs(runtime, context, 'a', { follow: true }).finally(() => {
        over = true;
      });
      reading.catch(() => undefined);
      await written(runtime, context, 'a', 3);
      strictEqual(over, false);
      await stop(runtime, context, 'a');
      deepStrictEqual(
        (await reading).map(({ text }) => text),
        LINES,
      );
    },
  },
  {
    name: 'logs with follow end when the signal fires',
    skip: needs('logs'),
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.prints(LINES));
      const over = new AbortController();
      const reading = readLogs(runtime, context, 'a', { follow: true, signal: over.signal });
      reading.catch(() => undefined);
      await written(runtime, context, 'a', 3);
      over.abort();
      await reading;
    },
  },
  {
    name: 'logs outlast the end of the task and a restart, until it is removed',
    skip: needs('logs'),
    async run({ runtime, restart, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.prints(LINES));
      await written(runtime, context, 'a', 3);
      await stop(runtime, context, 'a');
      deepStrictEqual(
        (await readLogs(runtime, context, 'a')).map(({ text }) => text),
        LINES,
      );
      const next = await context.within(restart(), 'the restart');
      deepStrictEqual(
        (await readLogs(next, context, 'a')).map(({ text }) => text),
        LINES,
      );
      await context.within(next.remove('a'), 'the remove');
      await rejects(readLogs(next, context, 'a'), is('NOT_FOUND'));
    },
  },
  {
    name: 'exec gives the output of the command and its exit code',
    skip: needs('exec'),
    async run({ runtime, workloads, commands }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      const run = async (command: readonly string[]) => {
        const session = await context.within(
          runtime.exec?.('a', { command }) as Promise<ExecSession>,
          'exec',
        );
        return await outcome(session, context);
      };
      const said = await run(commands?.says('gantry') ?? []);
      strictEqual(said.code, 0);
      ok(said.text.includes('gantry'), said.text);
      strictEqual((await run(commands?.exits(6) ?? [])).code, 6);
    },
  },
  {
    name: 'exec passes on its standard input, and its end',
    skip: needs('exec'),
    async run({ runtime, workloads, commands }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      async function* input(): AsyncGenerator<Uint8Array> {
        for (const text of ['first ', 'second']) yield new TextEncoder().encode(text);
      }
      const options = { command: commands?.copies ?? [], stdin: input() };
      const session = await context.within(runtime.exec?.('a', options) as Promise<ExecSession>, 'exec');
      const { text, code } = await outcome(session, context);
      ok(text.includes('first second'), text);
      strictEqual(code, 0);
    },
  },
  {
    name: 'exec whose signal fires is terminated with all that it started',
    skip: needs('exec'),
    async run({ runtime, workloads, commands }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      const code = async (): Promise<number> => {
        const options = { command: commands?.findsHanging ?? [] };
        const session = await context.within(runtime.exec?.('a', options) as Promise<ExecSession>, 'exec');
        return (await outcome(session, context)).code;
      };
      const over = new AbortController();
      const options = { command: commands?.hangs ?? [], signal: over.signal };
      const session = await context.within(runtime.exec?.('a', options) as Promise<ExecSession>, 'exec');
      const read = async (): Promise<void> => {
        for await (const _ of session.output);
      };
      const reading = read().catch(() => undefined);
      session.exitCode.catch(() => undefined);
      await context.until(async () => (await code()) === 0, 'the command to run');
      over.abort();
      await context.within(reading, 'the output to end');
      await context.within(
        session.exitCode.catch(() => undefined),
        'the exit code to be settled',
      );
      await context.until(async () => (await code()) !== 0, 'the command and its child to be gone');
      strictEqual((await find(runtime, context, 'a'))?.state, 'running');
    },
  },
  {
    name: 'stats return the CPU time and memory of a task',
    skip: needs('stats'),
    async run({ runtime, workloads }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      const stats = await context.within(Promise.resolve(runtime.stats?.('a')), 'stats');
      for (const value of [stats?.cpuMs, stats?.memory]) {
        ok(Number.isFinite(value) && Number(value) >= 0, JSON.stringify(stats));
      }
    },
  },
];
