import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../output/problem.ts';
import { isFull } from '../parts/once-there-is-room.ts';
import type { Cx } from '../session.ts';
import type { UpMessage } from './foreground.ts';
import { logPath } from './state.ts';

export interface Started {
  readonly pid: number;
  readonly log: string;
  readonly server: string;
  readonly nodes: readonly string[];
}

/**
 * Starts this program again in the background, and waits until its cluster is ready. If this process is interrupted
 * before that, the background process is interrupted too.
 *
 * @param args its command line
 */
export async function startBackground(cx: Cx, name: string, args: readonly string[]): Promise<Started> {
  const { io } = cx;
  const log = logPath(io.env, name);
  const file = await openLog(cx, log);
  try {
    const [program, ...own] = io.self;
    const child = spawn(program as string, [...own, ...args], {
      cwd: io.cwd,
      env: { ...io.env },
      detached: true,
      stdio: ['ignore', file.fd, file.fd, 'ipc'],
    });
    const stop = (): void => void child.kill('SIGTERM');
    cx.signal.addEventListener('abort', stop);
    const exited = once(child, 'exit').then((): UpMessage => ({ type: 'failed' }));
    const told = once(child, 'message').then(([message]) => message as UpMessage);
    const message = await Promise.race([told, exited]);
    cx.signal.removeEventListener('abort', stop);
    if (message.type === 'failed' || child.pid === undefined) {
      throw new CliError(
        'FAILED',
        `cluster ${name} did not start\n${await lastLines(log)}`,
        `its log: ${log}`,
      );
    }
    child.disconnect();
    child.unref();
    return { pid: child.pid, log, server: message.server, nodes: message.nodes };
  } finally {
    await file.close();
  }
}

/** Opens the log file. If the disk is full, the cluster has no log. */
async function openLog(cx: Cx, path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await open(path, 'w', 0o600);
  } catch (error) {
    if (!isFull(error)) throw error;
    cx.warn(`the log ${path} cannot be created: the disk is full; the cluster runs without a log`);
    return await open('/dev/null', 'w');
  }
}

async function lastLines(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .trimEnd()
    .split('\n')
    .slice(-10)
    .map((line) => `  ${line}`)
    .join('\n');
}
