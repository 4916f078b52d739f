import { realpathSync, rmdirSync, rmSync } from 'node:fs';
import { arch, availableParallelism, hostname, release, totalmem } from 'node:os';
import { join } from 'node:path';
import {
  type Clock,
  contracts,
  definePlugin,
  GantryError,
  type Lifecycle,
  type Runtime,
  throwIfAborted,
} from '@gantry/core';
import type { ExecOptions, ExecSession } from '@gantry/core/api';
import type {
  EnsureOptions,
  RuntimeInfo,
  RuntimeLogLine,
  RuntimeLogOptions,
  RuntimeSpec,
  RuntimeStats,
  RuntimeSupport,
  RuntimeTask,
} from '@gantry/core/contracts';
import { Feed } from '@gantry/core/primitives';
import { z } from 'zod';
import { type Cgroups, probeCgroups, TaskCgroup } from './cgroup.ts';
import { exec } from './exec.ts';
import { checkSpec, checkUser, launchOf } from './launch.ts';
import { claimNodeDir, defaultDir } from './node-dir.ts';
import {
  bootId,
  family,
  MS_PER_TICK,
  ProcessTable,
  readProcess,
  residentBytes,
  send,
} from './process-table.ts';
import { readLogs } from './read-logs.ts';
import { folderOf, TaskDir, taskFolders } from './task-dir.ts';
import { launch, TaskProcess, type TaskSetup } from './task-process.ts';

/** Interval between checks whether processes that are not children of this one are still alive. */
const POLL_MS = 100;
/** Interval between checks whether signalled processes have ended. */
const ENDING_POLL_MS = 10;
/** Maximum wait for a process that the kernel cannot end, such as one that waits for a device. */
const KILL_PATIENCE_MS = 10_000;

export interface ProcessRuntimeSetup {
  readonly cluster: string;
  readonly node: string;
  readonly clock: Clock;
  readonly dir: string;
  readonly logBytes: number;
  readonly inheritEnv: boolean | readonly string[];
  /** User of tasks whose template names none; has no effect unless this program runs as root. */
  readonly taskUser?: string | undefined;
  /** Limit on the processes of tasks whose template has none. */
  readonly taskPids?: number | undefined;
}

/** Runs tasks as processes of this machine, each leading a session of its own, recorded in files. */
export class ProcessRuntime implements Runtime, Lifecycle {
  readonly #setup: ProcessRuntimeSetup;
  readonly #feed = new Feed<RuntimeTask>();
  readonly #closing = new AbortController();
  readonly #table = new ProcessTable();
  #tasks: Map<string, TaskProcess> | undefined;
  #root = '';
  #execs = 0;
  #cgroups: Cgroups | undefined;
  #polling: (() => void) | undefined;
  #scan: Promise<ReturnType<ProcessTable['marked']>> | undefined;

  /** Creates the runtime; `start` checks its options against the machine. */
  constructor(setup: ProcessRuntimeSetup) {
    this.#setup = setup;
  }

  get supports(): RuntimeSupport {
    this.#cgroups ??= probeCgroups();
    const { cpu, memory, pids } = this.#cgroups;
    const isRoot = process.getuid?.() === 0;
    return {
      exec: true,
      execUser: isRoot,
      execWorkingDir: true,
      logs: true,
      stats: true,
      images: false,
      limits: { cpu: cpu !== undefined, memory: memory !== undefined, pids: pids !== undefined },
      mounts: [],
      user: isRoot,
      init: false,
    };
  }

  /** Finds the tasks left by earlier runs, and claims the node. */
  async start(): Promise<void> {
    this.#enter();
    const { taskPids, taskUser } = this.#setup;
    if (taskUser !== undefined && this.supports.user) checkUser(taskUser);
    if (taskPids === undefined || this.supports.limits.pids) return;
    throw new GantryError(
      'UNSUPPORTED',
      'runtime-process: option taskPids: cgroups are not permitted, so the number of processes cannot be limited',
    );
  }

  async info(): Promise<RuntimeInfo> {
    const capacity = { cpu: availableParallelism() * 1000, memory: totalmem() };
    const attributes = { os: process.platform, arch: arch(), hostname: hostname(), kernel: release() };
    this.#enter();
    const id = `${bootId()}${realpathSync(this.#root)}`;
    return { name: 'process', version: '1', capacity, attributes, id };
  }

  async ensure(spec: RuntimeSpec, { signal, onProgress }: EnsureOptions = {}): Promise<RuntimeTask> {
    throwIfAborted(signal);
    const tasks = this.#enter();
    const known = tasks.get(spec.task);
    if (known !== undefined) return known.status();
    checkSpec(spec, this.supports);
    const { limits } = spec.template.resources;
    const setup = this.#taskSetup(spec.task);
    const { inheritEnv, taskUser, taskPids } = this.#setup;
    const user = this.supports.user ? taskUser : undefined;
    onProgress?.({ phase: 'starting', message: 'starting the process' });
    const started = launch(spec, {
      launch: launchOf(spec, setup.dir, { inheritEnv, user }),
      limits: { ...limits, pids: limits.pids ?? taskPids },
      setup,
    });
    if (started instanceof TaskProcess) {
      tasks.set(spec.task, started);
      this.#feed.push(started.status());
      return started.status();
    }
    throw await started;
  }

  async stop(task: string, options: { graceMs: number; signal?: string | undefined }): Promise<void> {
    const found = this.#enter().get(task);
    if (found === undefined || found.ended) return;
    const { clock } = this.#setup;
    const signal = (options.signal ?? found.record.stopSignal) as NodeJS.Signals;
    const deadline = clock.elapsed() + options.graceMs;
    found.stopping = true;
    if (options.graceMs > 0) {
      found.signal(signal);
      for (const pid of await this.#strays(found)) send(pid, signal);
      while (clock.elapsed() < deadline && !(await this.#gone(found))) {
        await this.#pause(found, Math.min(ENDING_POLL_MS, deadline - clock.elapsed()));
      }
    }
    await this.#kill(found);
  }

  async remove(task: string): Promise<void> {
    const tasks = this.#enter();
    const found = tasks.get(task);
    if (found === undefined) return;
    found.stopping = true;
    await this.#kill(found);
    if (tasks.get(task) !== found) return;
    tasks.delete(task);
    found.cgroup.remove();
    found.dir.remove();
  }

  async list(): Promise<readonly RuntimeTask[]> {
    return Array.from(this.#enter().values(), (task) => task.status());
  }

  events(signal: AbortSignal): AsyncIterable<readonly RuntimeTask[]> {
    this.#enter();
    return this.#feed.read(signal);
  }

  async exec(task: string, options: ExecOptions): Promise<ExecSession> {
    const found = this.#find(task);
    if (found.ended) throw new GantryError('CONFLICT', `runtime-process: "${task}" is not running`);
    const marker = `${process.pid}.${this.#setup.clock.now()}.${++this.#execs}`;
    return await exec(found, options, marker);
  }

  logs(task: string, options: RuntimeLogOptions = {}): AsyncIterable<readonly RuntimeLogLine[]> {
    return readLogs(this.#find(task), options, this.#closing.signal);
  }

  async stats(task: string): Promise<RuntimeStats> {
    const { record, ended } = this.#find(task);
    let cpuMs = 0;
    let memory = 0;
    for (const pid of ended ? [] : family(record.pid)) {
      cpuMs += (readProcess(pid)?.cpuTicks ?? 0) * MS_PER_TICK;
      memory += residentBytes(pid);
    }
    return { cpuMs, memory };
  }

  /** Running tasks keep running. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#polling?.();
    this.#feed.end();
    for (const task of this.#tasks?.values() ?? []) task.release();
    // Without tasks no directory is left behind.
    if (this.#tasks?.size === 0) {
      rmSync(this.#root, { recursive: true, force: true });
      for (const path of [join(this.#root, '..'), this.#setup.dir]) removeIfEmpty(path);
    }
  }

  #enter(): Map<string, TaskProcess> {
    if (this.#closing.signal.aborted) {
      throw new GantryError('CLOSED', 'runtime-process: the runtime is closed');
    }
    if (this.#tasks !== undefined) return this.#tasks;
    if (process.platform !== 'linux') {
      throw new GantryError('UNSUPPORTED', 'runtime-process: needs Linux, for it reads /proc');
    }
    const { dir, cluster, node } = this.#setup;
    this.#root = claimNodeDir(dir, cluster, node);
    const tasks = new Map<string, TaskProcess>();
    for (const name of taskFolders(this.#root)) {
      const setup = this.#taskSetup(name);
      const record = setup.dir.readRecord();
      if (record === undefined) this.#clear(setup);
      else tasks.set(name, new TaskProcess(record, setup, undefined));
    }
    this.#tasks = tasks;
    this.#poll();
    return tasks;
  }

  /** Cleans up a task during whose start the program died. */
  #clear({ dir, cgroup }: TaskSetup): void {
    for (const { pid } of this.#table.marked().get(dir.path) ?? []) send(pid, 'SIGKILL');
    cgroup.kill();
    cgroup.remove();
    dir.remove();
  }

  #taskSetup(task: string): TaskSetup {
    const { cluster, node, clock, logBytes } = this.#setup;
    this.#cgroups ??= probeCgroups();
    return {
      dir: new TaskDir(this.#root, task),
      cgroup: new TaskCgroup(this.#cgroups, `${cluster}.${node}.${folderOf(task)}`),
      clock,
      logBytes,
      onEnd: (ended) => this.#feed.push(ended.status()),
    };
  }

  /** Stops when no task is left whose end can only be found by polling. */
  readonly #poll = (): void => {
    this.#polling = undefined;
    let found = false;
    for (const task of this.#tasks?.values() ?? []) {
      if (!task.found || task.ended) continue;
      found = true;
      try {
        if (!task.alive) task.missed();
      } catch {
        // It cannot be checked now, which does not mean that it has ended.
      }
    }
    if (found && !this.#closing.signal.aborted) {
      this.#polling = this.#setup.clock.after(POLL_MS, this.#poll);
    }
  };

  #find(task: string): TaskProcess {
    const found = this.#enter().get(task);
    if (found === undefined) {
      throw new GantryError('NOT_FOUND', `runtime-process: task "${task}" not found`);
    }
    return found;
  }

  /** Kills all processes of a task and waits for their end. */
  async #kill(task: TaskProcess): Promise<void> {
    const { clock } = this.#setup;
    const deadline = clock.elapsed() + KILL_PATIENCE_MS;
    for (;;) {
      task.signal('SIGKILL');
      if (task.found && !task.alive) task.missed({ exitCode: 137, reason: 'SIGKILL' });
      const strays = await this.#strays(task);
      for (const pid of strays) send(pid, 'SIGKILL');
      if (strays.length === 0 && (task.ended || task.leaderEnded)) break;
      if (clock.elapsed() >= deadline) {
        throw new GantryError('TIMEOUT', `runtime-process: "${task.record.task}" does not die`);
      }
      await this.#pause(task, ENDING_POLL_MS);
    }
    task.finish();
  }

  async #gone(task: TaskProcess): Promise<boolean> {
    if (task.found && !task.alive) task.missed();
    if (!task.leaderEnded) return false;
    return (await this.#strays(task)).length === 0;
  }

  /** All processes of a task but its first: those in its cgroup, and those that carry its marker. */
  async #strays({ record, dir, cgroup }: TaskProcess): Promise<readonly number[]> {
    // Concurrent callers share one scan of the machine.
    this.#scan ??= this.#setup.clock.sleep(0).then(() => {
      this.#scan = undefined;
      return this.#table.marked();
    });
    const marked = (await this.#scan).get(dir.path) ?? [];
    const pids = new Set([...marked.map(({ pid }) => pid), ...cgroup.pids()]);
    pids.delete(record.pid);
    return [...pids];
  }

  async #pause(task: TaskProcess, ms: number): Promise<void> {
    const change = task.changed();
    const pause = new AbortController();
    await Promise.race([change.promise, this.#setup.clock.sleep(ms, pause.signal).catch(() => {})]);
    pause.abort();
    change.cancel();
    if (this.#closing.signal.aborted) {
      throw new GantryError('CLOSED', 'runtime-process: the runtime is closed');
    }
  }
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {}
}

/** Plugin: a runtime of plain processes, for `contracts.runtime`. */
export const processRuntime = definePlugin({
  name: 'runtime-process',
  provides: contracts.runtime,
  needs: { cluster: contracts.cluster, node: contracts.node, clock: contracts.clock },
  options: z.strictObject({
    /** Directory for records, logs and work directories. */
    dir: z.string().startsWith('/', 'expected an absolute path').optional(),
    /** Amount of output kept of one task, in bytes. */
    logBytes: z
      .int()
      .min(4096)
      .default(10 * 2 ** 20),
    /** Variables of Gantry's own environment that tasks get, or all of them. */
    inheritEnv: z.union([z.boolean(), z.array(z.string())]).default(false),
    /** User of tasks whose template names none, as `user` or `user:group`; used only if Gantry runs as root. */
    taskUser: z
      .string()
      .regex(/^[A-Za-z0-9_][\w.-]*(:[A-Za-z0-9_][\w.-]*)?$/, 'expected user or user:group')
      .optional(),
    /** Limit on the processes and threads of tasks whose template has none (default: no limit). */
    taskPids: z.int().min(1).max(4_194_304).optional(),
  }),
  create: ({ dir, ...options }, { cluster, node, clock }) =>
    new ProcessRuntime({
      ...options,
      dir: dir ?? defaultDir(),
      cluster: cluster.name,
      node: node.name,
      clock,
    }),
});
