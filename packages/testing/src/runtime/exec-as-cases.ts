import { ok, rejects, strictEqual } from 'node:assert/strict';
import { GantryError, isGantryError } from '@gantry/core';
import type { ExecOptions, ExecSession } from '@gantry/core/api';
import type { CaseContext } from '../kit.ts';
import { ensure, is, type RuntimeCase, type RuntimeSubject } from './subject.ts';

type ExecAs = NonNullable<NonNullable<RuntimeSubject['commands']>['execAs']>;

const DENIABLE = [
  ['execUser', { user: '1' }],
  ['execWorkingDir', { workingDir: '/' }],
] as const;

/** Runs a command in the task `a`; its standard output without surrounding white space, and its exit code. */
async function run(
  { runtime }: RuntimeSubject,
  context: CaseContext,
  options: ExecOptions,
): Promise<{ text: string; code: number }> {
  const session = await context.within(runtime.exec?.('a', options) as Promise<ExecSession>, 'exec');
  const decoder = new TextDecoder();
  let text = '';
  const read = async (): Promise<void> => {
    for await (const { data, stream } of session.output)
      if (stream === 'stdout') text += decoder.decode(data, { stream: true });
  };
  await context.within(read(), 'the output to end');
  return { text: text.trim(), code: await context.within(session.exitCode, 'the exit code') };
}

function execAsOf({ commands }: RuntimeSubject): ExecAs {
  if (commands?.execAs !== undefined) return commands.execAs;
  throw new GantryError('INTERNAL', 'the subject has no commands.execAs, which its supports call for');
}

/** The command did not run: either exec is rejected, or its exit code is not 0. */
async function isRefused(
  subject: RuntimeSubject,
  context: CaseContext,
  options: ExecOptions,
): Promise<boolean> {
  try {
    return (await run(subject, context, options)).code !== 0;
  } catch (error) {
    if (isGantryError(error, 'INVALID_OBJECT')) return true;
    throw error;
  }
}

export const execAsCases: readonly RuntimeCase[] = [
  {
    name: 'exec runs a command as the user it names, and otherwise as the user of the task',
    skip: ({ runtime }) => (runtime.supports.execUser === true ? undefined : 'it cannot change the user'),
    async run(subject, context) {
      await ensure(subject.runtime, context, 'a', subject.workloads.sleeps);
      const { user, printsUser: command } = execAsOf(subject);
      const own = await run(subject, context, { command });
      ok(own.code === 0 && own.text !== user, `runs as "${own.text}" without a user`);
      strictEqual((await run(subject, context, { command, user })).text, user);
    },
  },
  {
    name: 'exec runs a command in the directory it names, and otherwise in that of the task',
    skip: ({ runtime }) =>
      runtime.supports.execWorkingDir === true ? undefined : 'it cannot change the directory',
    async run(subject, context) {
      await ensure(subject.runtime, context, 'a', subject.workloads.sleeps);
      const { directory, printsDirectory: command } = execAsOf(subject);
      const own = await run(subject, context, { command });
      ok(own.code === 0 && own.text !== directory, `runs in "${own.text}" without a directory`);
      strictEqual((await run(subject, context, { command, workingDir: directory })).text, directory);
    },
  },
  {
    name: 'exec runs nothing for a user or a directory that does not exist',
    skip: ({ runtime: { supports } }) =>
      supports.execUser === true || supports.execWorkingDir === true ? undefined : 'it can change neither',
    async run(subject, context) {
      const { supports } = subject.runtime;
      await ensure(subject.runtime, context, 'a', subject.workloads.sleeps);
      const { missingUser, printsUser, printsDirectory } = execAsOf(subject);
      if (supports.execUser === true)
        ok(await isRefused(subject, context, { command: printsUser, user: missingUser }), 'a missing user');
      if (supports.execWorkingDir === true) {
        const options = { command: printsDirectory, workingDir: '/missing' };
        ok(await isRefused(subject, context, options), 'a missing directory');
      }
    },
  },
  {
    name: 'exec is UNSUPPORTED for a user or a directory if supports denies it',
    skip: ({ runtime: { supports } }) =>
      supports.exec && DENIABLE.some(([name]) => supports[name] !== true)
        ? undefined
        : 'it denies neither, or has no exec',
    async run({ runtime, workloads, commands }, context) {
      await ensure(runtime, context, 'a', workloads.sleeps);
      const command = commands?.exits(0) ?? [];
      for (const [name, options] of DENIABLE) {
        if (runtime.supports[name] === true) continue;
        const call = async () => await runtime.exec?.('a', { command, ...options });
        await rejects(context.within(call(), 'exec'), is('UNSUPPORTED'), name);
      }
    },
  },
];
