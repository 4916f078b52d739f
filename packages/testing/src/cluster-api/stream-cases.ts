import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { ExecSession } from '@gantry/core/api';
import type { CaseContext } from '../kit.ts';
import { type ClusterApiCase, followLogs, is, running, serviceOf, taskOf } from './subject.ts';

const LINES = ['one', 'two', 'three'];

async function textOf(session: ExecSession, context: CaseContext): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for await (const { data } of session.output) text += decoder.decode(data, { stream: true });
  };
  await context.within(read(), 'the output to end');
  return text;
}

async function* chunks(...texts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

export const streamCases: readonly ClusterApiCase[] = [
  {
    name: 'logs return the lines of a task in order, with task, node, time and stream',
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('web', workloads.prints(LINES)));
      const task = await taskOf(subject, 'web');
      const lines = await context.until(async () => {
        const followed = followLogs(api.logs({ task }));
        await context.within(followed.done, 'the logs to end');
        return followed.lines.length >= 3 && followed.lines;
      }, 'three lines');
      deepStrictEqual(
        lines.map(({ text }) => text),
        LINES,
      );
      ok(lines.every((line) => line.task === task && line.node.startsWith('node-') && line.time > 0));
      ok(lines.every(({ stream }) => stream === 'stdout'));
    },
  },
  {
    name: 'logs with a tail return the given number of lines from the end of each task',
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('web', workloads.prints(LINES), { replicas: 2 }));
      const lines = await context.until(async () => {
        const followed = followLogs(api.logs({ service: 'web' }, { tail: 1 }));
        await context.within(followed.done, 'the logs to end');
        return followed.lines.filter(({ text }) => text === 'three').length >= 2 && followed.lines;
      }, 'two last lines');
      deepStrictEqual(
        lines.map(({ text }) => text),
        ['three', 'three'],
      );
    },
  },
  {
    name: 'logs that are followed go over to the tasks that come, and end when the signal fires',
    async run(subject, context) {
      const { api, workloads } = subject;
      const stop = new AbortController();
      await running(subject, context, serviceOf('web', workloads.prints(['hello'])));
      const { lines, done } = followLogs(api.logs({ service: 'web' }, { follow: true, signal: stop.signal }));
      await context.until(() => lines.length === 1, 'the first line');
      await api.scale('web', 2);
      await context.until(
        () => new Set(lines.map(({ task }) => task)).size === 2,
        'lines of the second task',
      );
      stop.abort();
      await context.within(done, 'the logs to end');
    },
  },
  {
    name: 'previous logs are those of the previous attempt',
    async run(subject, context) {
      const { api, workloads } = subject;
      const update = { monitorMs: 50 };
      await running(subject, context, serviceOf('web', workloads.prints(['first']), { update }));
      await api.apply(serviceOf('web', workloads.prints(['second']), { update }));
      await context.within(api.wait('service', 'web', 'Updated'), 'the update');
      await context.until(async () => {
        const followed = followLogs(api.logs({ service: 'web' }, { previous: true }));
        await context.within(followed.done, 'the logs to end');
        return followed.lines.map(({ text }) => text).join() === 'first';
      }, 'the line of the first attempt');
    },
  },
  {
    name: 'exec gives the output of the command and its exit code',
    async run(subject, context) {
      const { api, workloads, commands } = subject;
      await running(subject, context, serviceOf('web', workloads.runs));
      const task = await taskOf(subject, 'web');
      const said = await api.exec(task, { command: commands.says('hello') });
      ok((await textOf(said, context)).trim().endsWith('hello'));
      strictEqual(await context.within(said.exitCode, 'the exit code'), 0);
      const left = await api.exec(task, { command: commands.exits(7) });
      await textOf(left, context);
      strictEqual(await context.within(left.exitCode, 'the exit code'), 7);
    },
  },
  {
    name: 'exec passes on its standard input, and its end',
    async run(subject, context) {
      const { api, workloads, commands } = subject;
      await running(subject, context, serviceOf('web', workloads.runs));
      const stdin = chunks('a\n', 'b\n');
      const session = await api.exec(await taskOf(subject, 'web'), { command: commands.copies, stdin });
      ok((await textOf(session, context)).endsWith('a\nb\n'));
      strictEqual(await context.within(session.exitCode, 'the exit code'), 0);
    },
  },
  {
    name: 'exec runs a command as the user and in the directory it names',
    skip: ({ commands }) => (commands.execAs === undefined ? 'its tasks have one user' : undefined),
    async run(subject, context) {
      const { api, workloads, commands } = subject;
      await running(subject, context, serviceOf('web', workloads.runs));
      const task = await taskOf(subject, 'web');
      const { user = '', printsUser = [], workingDir = '', printsDirectory = [] } = commands.execAs ?? {};
      const said = async (command: readonly string[], options: object): Promise<string> =>
        (await textOf(await api.exec(task, { command, ...options }), context)).trim();
      strictEqual(await said(printsUser, { user, workingDir }), user);
      strictEqual(await said(printsDirectory, { user, workingDir }), workingDir);
      ok((await said(printsUser, { workingDir })) !== user);
      ok((await said(printsDirectory, { user })) !== workingDir);
    },
  },
  {
    name: 'exec with a malformed user or directory is INVALID_OBJECT',
    async run(subject, context) {
      const { api, workloads, commands } = subject;
      await running(subject, context, serviceOf('web', workloads.runs));
      const task = await taskOf(subject, 'web');
      const malformed = [
        { user: '' },
        { user: 'a\0b' },
        { user: '-x' },
        { user: 'x'.repeat(10_000) },
        { workingDir: 'relative' },
        { workingDir: '/a\0b' },
        { workingDir: `/${'x'.repeat(10_000)}` },
      ];
      for (const options of malformed)
        await rejects(api.exec(task, { command: commands.exits(0), ...options }), is('INVALID_OBJECT'));
    },
  },
  {
    name: 'exec in a task that has ended is CONFLICT',
    async run({ api, workloads, commands }, context) {
      await api.apply(serviceOf('once', workloads.ends, { restart: { condition: 'none' } }));
      const task = await context.until(async () => {
        const { items } = await api.list('task', { fields: 'status.state=complete' });
        return items[0]?.meta.name;
      }, 'the task to end');
      await rejects(api.exec(task, { command: commands.exits(0) }), is('CONFLICT'));
    },
  },
  {
    name: 'dial carries bytes both ways, and the end of the input',
    skip: ({ workloads }) => (workloads.echoes === undefined ? 'its tasks have no ports' : undefined),
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('echo', workloads.echoes?.() ?? {}));
      const task = await taskOf(subject, 'echo');
      const decoder = new TextDecoder();
      let text = '';
      const read = async (): Promise<void> => {
        const input = chunks('hello\n', 'again\n');
        for await (const data of api.dial(task, { port: 80, input }))
          text += decoder.decode(data, { stream: true });
      };
      await context.within(read(), 'the connection to end');
      strictEqual(text, 'hello\nagain\n');
    },
  },
  {
    name: 'dial to a port without a listener is UNAVAILABLE',
    skip: ({ workloads }) => (workloads.echoes === undefined ? 'its tasks have no ports' : undefined),
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('web', workloads.runs));
      const task = await taskOf(subject, 'web');
      const read = async (): Promise<void> => {
        for await (const _data of api.dial(task, { port: 1, input: chunks() }));
      };
      await rejects(context.within(read(), 'the connection to fail'), is('UNAVAILABLE'));
    },
  },
];
