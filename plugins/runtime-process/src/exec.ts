import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { GantryError, throwIfAborted } from '@gantry/core';
import type { ExecOptions, ExecSession, OutputChunk } from '@gantry/core/api';
import { invalidObject } from '@gantry/core/model';
import { EXEC_MARKER, killExec } from './kill-exec.ts';
import { accountOf, type Launch } from './launch.ts';
import type { TaskProcess } from './task-process.ts';

type RunAs = Pick<Launch, 'env' | 'cwd' | 'uid' | 'gid'>;

/**
 * Runs a command with the environment, directory and limits of a task; `marker` identifies it on the whole machine. The
 * command blocks while its output is not read. When the signal fires, the command is killed with all that it started.
 */
export async function exec(task: TaskProcess, options: ExecOptions, marker: string): Promise<ExecSession> {
  const { record } = task;
  if (options.tty === true) {
    throw new GantryError('UNSUPPORTED', 'runtime-process: exec: there are no terminals (tty)');
  }
  throwIfAborted(options.signal);
  const [file, ...args] = options.command;
  if (file === undefined) {
    throw invalidObject(`runtime-process: exec in "${record.task}"`, [
      { path: 'command', message: 'expected a command' },
    ]);
  }
  const { env, cwd, uid, gid } = runAs(task, options);
  const child = spawn(file, args, {
    cwd,
    env: { ...env, ...options.env, [EXEC_MARKER]: marker },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid }),
  });
  const { pid } = child;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    throw invalidObject(`runtime-process: exec in "${record.task}"`, [
      { path: 'command', message: `${error.code}: cannot run ${JSON.stringify(file)}` },
    ]);
  }
  if (task.cgroup.exists) task.cgroup.add(pid);
  const kill = (): void => {
    killExec(pid, marker);
    // The reader has disconnected: pending output would keep its pipes open indefinitely.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  };
  options.signal?.addEventListener('abort', kill, { once: true });
  const exitCode = new Promise<number>((resolve) => {
    child.once('close', (code, signal) => {
      options.signal?.removeEventListener('abort', kill);
      resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]);
    });
  });
  void feed(child, options.stdin);
  const streams = { stdout: child.stdout as Readable, stderr: child.stderr as Readable };
  return { output: interleave(streams, options.signal), exitCode, resize: async () => {} };
}

/**
 * Environment, directory and user of a command: the task's, unless `options` names others.
 *
 * @throws `UNSUPPORTED` if Gantry may not change the user, `INVALID_OBJECT` if the user or the directory does not exist
 */
function runAs({ record }: TaskProcess, { user, workingDir }: ExecOptions): RunAs {
  const what = `runtime-process: exec in "${record.task}"`;
  if (user !== undefined && process.getuid?.() !== 0)
    throw new GantryError('UNSUPPORTED', `${what}: only root can switch the user`);
  if (workingDir !== undefined && !isDirectory(workingDir))
    throw invalidObject(what, [
      { path: 'workingDir', message: `directory "${workingDir}" not found on this node` },
    ]);
  const account = user === undefined ? undefined : accountOf(what, 'user', user);
  return {
    env: account === undefined ? record.env : { ...record.env, HOME: account.home },
    cwd: workingDir ?? record.cwd,
    uid: account?.uid ?? record.uid,
    gid: account?.gid ?? record.gid,
  };
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Feeds the input. If the command stops reading, the input ends, which is not an error. */
async function feed({ stdin }: ChildProcess, input: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  if (stdin === null) return;
  stdin.on('error', () => {});
  try {
    for await (const bytes of input ?? []) {
      if (stdin.destroyed) return;
      if (!stdin.write(bytes)) await drained(stdin);
    }
  } catch {
    // The input failed: the command gets the input up to then.
  }
  stdin.end();
}

/** Resolves once more can be written, or writing has become impossible; leaves no listener behind. */
async function drained(stdin: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stdin.off('drain', done).off('close', done);
      resolve();
    };
    stdin.on('drain', done).on('close', done);
  });
}

async function* interleave(
  streams: Readonly<Record<OutputChunk['stream'], Readable>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<OutputChunk> {
  const next = async (stream: OutputChunk['stream'], from: AsyncIterator<Uint8Array>) => {
    try {
      const { done, value } = await from.next();
      return { stream, from, chunk: done === true ? undefined : value };
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      return { stream, from, chunk: undefined }; // its pipe was closed
    }
  };
  const reading = new Map(
    (['stdout', 'stderr'] as const).map((stream) => {
      return [stream, next(stream, streams[stream][Symbol.asyncIterator]())];
    }),
  );
  while (reading.size > 0) {
    const { stream, from, chunk } = await Promise.race(reading.values());
    if (chunk === undefined) {
      reading.delete(stream);
      continue;
    }
    reading.set(stream, next(stream, from));
    yield { stream, data: chunk };
  }
}
