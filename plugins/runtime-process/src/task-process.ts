import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type Clock, GantryError } from '@gantry/core';
import type { RuntimeSpec, RuntimeTask } from '@gantry/core/contracts';
import { invalidObject } from '@gantry/core/model';
import type { Limits, TaskCgroup } from './cgroup.ts';
import type { Launch } from './launch.ts';
import { LogFile } from './log-file.ts';
import { bootId, readProcess, send } from './process-table.ts';
import type { TaskDir, TaskEnd, TaskRecord } from './task-dir.ts';
import { watchDir } from './watch-dir.ts';

/** Exit code of a process killed by SIGKILL. */
const KILLED = 137;
/** Time for the parent of a process that is gone to record its end, in ms. */
const RECORD_MS = 100;
/** Delay before the children of a task that has ended are searched for again, if that failed, in ms. */
const STRAYS_RETRY_MS = 250;
const UNKNOWN = Object.freeze({ reason: 'ended without its agent; its exit code is unknown' });

export interface TaskSetup {
  readonly dir: TaskDir;
  readonly cgroup: TaskCgroup;
  readonly clock: Clock;
  readonly logBytes: number;
  /** Called once, when the task has ended. */
  readonly onEnd: (task: TaskProcess) => void;
}

/** One task: a process that leads a session of its own, started by this instance or found. */
export class TaskProcess {
  readonly record: TaskRecord;
  readonly logs: { readonly stdout: LogFile; readonly stderr: LogFile };
  /** While the task is being stopped, the end of its first process is not yet the end of the task. */
  stopping = false;
  readonly #setup: TaskSetup;
  readonly #child: ChildProcess | undefined;
  readonly #waiters = new Set<() => void>();
  readonly #unwatch: () => void;
  /** Found, not started by this instance: its end is read from a file, not received as an event. */
  readonly found: boolean;
  #end: TaskEnd | undefined;
  #leaderEnd: TaskEnd | undefined;
  /** When the process was first seen to be gone, in ms of the clock's `elapsed`. */
  #missedSince: number | undefined;
  #released = false;

  constructor(record: TaskRecord, setup: TaskSetup, child: ChildProcess | undefined) {
    this.record = record;
    this.#child = child;
    this.#setup = setup;
    const log = (name: string): LogFile => new LogFile(join(setup.dir.path, name), setup.logBytes / 2);
    this.logs = { stdout: log('stdout.log'), stderr: log('stderr.log') };
    this.#end = setup.dir.readEnd();
    this.found = child === undefined;
    if (this.found) {
      this.logs.stdout.load();
      this.logs.stderr.load();
    }
    child?.once('exit', (code, signal) => this.#leaderExit(code, signal));
    this.#unwatch = this.ended ? () => {} : watchDir(setup.dir.path, setup.clock, () => this.look());
  }

  get dir(): TaskDir {
    return this.#setup.dir;
  }

  get cgroup(): TaskCgroup {
    return this.#setup.cgroup;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Whether its first process still runs: exactly the one that was started. */
  get alive(): boolean {
    const { pid, startTicks, boot } = this.record;
    return readProcess(pid)?.startTicks === startTicks && bootId() === boot;
  }

  status(): RuntimeTask {
    const { task, pid, startedAt, ports } = this.record;
    const known = { task, id: String(pid), startedAt, ...(ports && { ports }) };
    if (this.#end === undefined) return { ...known, state: 'running', pid };
    return { ...known, state: 'exited', ...this.#end };
  }

  /** Signals its group while its first process lives: afterwards the number may belong to another group. */
  signal(name: NodeJS.Signals): void {
    if (this.alive) send(-this.record.pid, name);
  }

  /** Checks its logs, and, if another program or instance started it, whether it has ended. */
  look(): void {
    const now = this.#setup.clock.now();
    const grown = [this.logs.stdout.observe(now), this.logs.stderr.observe(now)].includes(true);
    if (!this.ended && this.found) {
      const end = quietly(() => this.#setup.dir.readEnd());
      if (end !== undefined) this.#leaderEnd ??= end;
      if (end !== undefined && !this.stopping) this.finish();
    }
    if (grown) this.#wake();
  }

  /** The process is gone. Its parent may be about to record how it ended, so the guess counts only after a delay. */
  missed(guess: Omit<TaskEnd, 'finishedAt'> = UNKNOWN): void {
    const now = this.#setup.clock.elapsed();
    this.#missedSince ??= now;
    this.#leaderEnd ??= this.#setup.dir.readEnd();
    if (this.#leaderEnd === undefined && now - this.#missedSince < RECORD_MS) return;
    this.#leaderEnd ??= { finishedAt: this.#setup.clock.now(), ...guess };
    if (!this.stopping) this.finish();
  }

  get leaderEnded(): boolean {
    return this.#leaderEnd !== undefined;
  }

  /** Called when the task has ended with all that it had started. */
  finish(): void {
    if (this.#end !== undefined) return;
    this.#end = this.#leaderEnd ?? { finishedAt: this.#setup.clock.now(), reason: 'unknown' };
    this.#setup.dir.writeEnd(this.#end);
    this.look();
    this.#unwatch();
    this.#wake();
    this.#setup.onEnd(this);
  }

  /** Resolves when it writes, ends, or its first process ends. */
  changed(): { readonly promise: Promise<void>; readonly cancel: () => void } {
    let wake = (): void => {};
    const promise = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiters.add(wake);
    return { promise, cancel: () => this.#waiters.delete(wake) };
  }

  /** Stops observing the task, but not the task itself: from now on it does not keep the program alive. */
  release(): void {
    this.#released = true;
    this.#child?.unref();
    this.stopping = false;
    this.#unwatch();
    this.#wake();
  }

  #leaderExit(code: number | null, signal: NodeJS.Signals | null): void {
    const exitCode = code ?? 128 + constants.signals[signal as NodeJS.Signals];
    // A shell whose command was killed exits with the same code.
    const oomKilled = exitCode === KILLED && quietly(() => this.#setup.cgroup.outOfMemory()) === true;
    const reason = oomKilled ? 'out of memory' : (signal ?? undefined);
    const finishedAt = this.#setup.clock.now();
    this.#leaderEnd ??= {
      finishedAt,
      exitCode,
      reason,
      ...(signal !== null && { signal }),
      ...(oomKilled && { oomKilled }),
    };
    if (!this.stopping) {
      send(-this.record.pid, 'SIGKILL');
      this.#endStrays();
    }
    this.#wake();
  }

  /** Kills children in sessions of their own; while they cannot be listed, the task has not ended. */
  #endStrays(): void {
    if (this.stopping) return;
    try {
      this.#setup.cgroup.kill();
    } catch {
      if (this.#released) return;
      this.#setup.clock.after(STRAYS_RETRY_MS, () => this.#endStrays());
      return;
    }
    this.finish();
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}

export interface LaunchSetup {
  readonly launch: Launch;
  readonly limits: Limits;
  readonly setup: TaskSetup;
}

/**
 * Starts a process in a session of its own, with its output going directly into files, so that it does not depend on
 * any other process. Starting is synchronous, so that no task is started twice; only the reason of a failure comes
 * later.
 */
export function launch(
  { task, template: { stopSignal = 'SIGTERM' }, attachment }: RuntimeSpec,
  { launch: { file, args, cwd, env, uid, gid }, limits, setup }: LaunchSetup,
): TaskProcess | Promise<GantryError> {
  const { dir, cgroup, clock } = setup;
  const open: number[] = [];
  let child: ChildProcess | undefined;
  const fail = (cause: unknown): GantryError => {
    const error = startError(task, file, cwd, cause);
    if (child?.pid !== undefined) {
      // Whatever failed after the start: no process may remain.
      send(-child.pid, 'SIGKILL');
      quietly(() => cgroup.kill());
      // By then another attempt may use this cgroup: one with processes in it stays.
      child.once('exit', () => cgroup.remove());
    }
    cgroup.remove();
    try {
      dir.remove();
    } catch {
      // The next start of this program removes it.
    }
    return error;
  };
  try {
    dir.create();
    cgroup.create(limits);
    for (const name of ['stdout.log', 'stderr.log']) open.push(openSync(join(dir.path, name), 'a', 0o600));
    const ports = attachment.ports.length === 0 ? undefined : attachment.ports;
    const known = { task, boot: bootId(), startedAt: clock.now(), stopSignal, ports, env, cwd, uid, gid };
    dir.reserve(known);
    const options = {
      cwd,
      env,
      detached: true,
      stdio: ['ignore' as const, ...open],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    };
    const started = cgroup.enter(() => {
      child = spawn(file, args, options);
      return child;
    });
    if (started.pid === undefined) return once(started, 'error').then(([error]) => fail(error));
    cgroup.limit(limits);
    const startTicks = readProcess(started.pid)?.startTicks ?? 0;
    const record: TaskRecord = { ...known, pid: started.pid, startTicks, startedAt: clock.now() };
    dir.writeRecord(record);
    return new TaskProcess(record, setup, started);
  } catch (error) {
    throw fail(error);
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/** Reasons why a command cannot be run, by the error of running it. */
const COMMAND_REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: 'CommandNotFound',
  ENOTDIR: 'CommandNotFound',
  ELOOP: 'CommandNotFound',
});

/** Undefined if the value cannot be determined now: the system has no free file descriptor. */
function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function startError(task: string, file: string, cwd: string, cause: unknown): GantryError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== undefined && ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOSPC'].includes(code)) {
    return new GantryError('EXHAUSTED', `runtime-process: "${task}" cannot start: ${message}`, { cause });
  }
  if (code !== undefined && ['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC', 'E2BIG', 'ELOOP'].includes(code)) {
    const [field, why, reason] = !existsSync(cwd)
      ? ['workingDir', `directory ${JSON.stringify(cwd)} not found`, 'WorkingDirNotFound']
      : ['command', `cannot run ${JSON.stringify(file)}`, COMMAND_REASONS[code] ?? 'CommandNotExecutable'];
    const issue = { path: `template.${field}`, message: `${code}: ${why}` };
    return invalidObject(`runtime-process: "${task}" cannot start`, [issue], reason);
  }
  return new GantryError('INTERNAL', `runtime-process: "${task}" cannot start: ${message}`, { cause });
}
