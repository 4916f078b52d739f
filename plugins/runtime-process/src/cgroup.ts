import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isShortage } from '@gantry/core';
import { shortName } from '@gantry/core/model';
import { send } from './process-table.ts';

const ROOT = '/sys/fs/cgroup';
const PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;
/** Written to `cgroup.procs`, it means the writing process. */
const SELF = '0';
/** Maximum length of a name; the file system's limit is 255 bytes. */
const MAX_NAME = 200;

export interface Limits {
  readonly cpu?: number | undefined;
  readonly memory?: number | undefined;
  readonly pids?: number | undefined;
}

/**
 * Where tasks can be grouped and limited on this machine: version 2 has one tree, version 1 one for each controller.
 */
export interface Cgroups {
  readonly version: 1 | 2;
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
  readonly pids: string | undefined;
  /** Gantry's own cgroup in each tree, to which this process returns after a start. Empty if it cannot be entered. */
  readonly home: ReadonlyMap<string, string>;
}

const CONTROLLERS = ['cpu', 'memory', 'pids'] as const;
const TRIALS: Readonly<Record<(typeof CONTROLLERS)[number], Limits>> = Object.freeze({
  cpu: { cpu: 1000 },
  memory: { memory: 2 ** 30 },
  pids: { pids: 1000 },
});

/** Probes by trying: features of the kernel that this process is not permitted to use count as absent. */
export function probeCgroups(): Cgroups {
  const version = existsSync(join(ROOT, 'cgroup.controllers')) ? 2 : 1;
  const trees = Object.fromEntries(
    CONTROLLERS.map((controller) => [controller, version === 2 ? unified() : single(controller)]),
  ) as Record<(typeof CONTROLLERS)[number], string | undefined>;
  const home = new Map<string, string>();
  for (const controller of CONTROLLERS) {
    const tree = trees[controller];
    if (tree === undefined || home.has(tree)) continue;
    const own = ownCgroup(version === 2 ? '' : controller, version === 2 ? ROOT : join(ROOT, controller));
    if (own !== undefined && canEnter(tree, own)) home.set(tree, own);
  }
  return { version, ...trees, home };
}

function unified(): string | undefined {
  const tree = join(ROOT, 'gantry');
  const works = attempt(() => {
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(ROOT, 'cgroup.subtree_control'), '+cpu +memory +pids');
    writeFileSync(join(tree, 'cgroup.subtree_control'), '+cpu +memory +pids');
  });
  return works && limitable(tree, 2, { cpu: 1000, memory: 2 ** 30, pids: 1000 }) ? tree : undefined;
}

function single(controller: (typeof CONTROLLERS)[number]): string | undefined {
  const path = join(ROOT, controller, 'gantry');
  const works = existsSync(join(ROOT, controller)) && attempt(() => mkdirSync(path, { recursive: true }));
  return works && limitable(path, 1, TRIALS[controller]) ? path : undefined;
}

/** Directory of the cgroup that this process is in; the line of version 2 names no controller. */
function ownCgroup(controller: string, root: string): string | undefined {
  for (const line of text('/proc/self/cgroup').split('\n')) {
    const [, names = '', ...path] = line.split(':');
    if (!names.split(',').includes(controller)) continue;
    const own = join(root, path.join(':'));
    if (existsSync(join(own, 'cgroup.procs'))) return own;
  }
  return undefined;
}

function canEnter(tree: string, own: string): boolean {
  const path = join(tree, `enter-${process.pid}`);
  return attempt(() => {
    mkdirSync(path, { recursive: true });
    try {
      // To the cgroup that it is in already: no move that could not be undone.
      writeFileSync(join(own, 'cgroup.procs'), SELF);
      writeFileSync(join(path, 'cgroup.procs'), SELF);
    } finally {
      writeFileSync(join(own, 'cgroup.procs'), SELF);
      rmdirSync(path);
    }
  });
}

/** The cgroups of one task. */
export class TaskCgroup {
  readonly #cgroups: Cgroups;
  readonly #trees: readonly string[];
  readonly #name: string;
  /** The trees in which the task has a cgroup: one for grouping, and those of its limits. */
  #used: readonly string[] = [];

  constructor(cgroups: Cgroups, name: string) {
    this.#cgroups = cgroups;
    this.#name = shortName(name, MAX_NAME);
    const trees = CONTROLLERS.map((controller) => cgroups[controller]).filter((tree) => tree !== undefined);
    this.#trees = [...new Set(trees)];
  }

  get #paths(): readonly string[] {
    return this.#trees.map((tree) => join(tree, this.#name));
  }

  /** Creates the cgroups of the task: one for grouping, and those of its limits. */
  create(limits: Limits): void {
    const { pids, memory, cpu } = this.#cgroups;
    const limited = CONTROLLERS.filter((controller) => limits[controller] !== undefined);
    const used = [pids ?? memory ?? cpu, ...limited.map((controller) => this.#cgroups[controller])];
    this.#used = [...new Set(used.filter((tree) => tree !== undefined))];
    for (const tree of this.#used) mkdirSync(join(tree, this.#name), { recursive: true });
  }

  /**
   * Starts a process that is in the cgroups before its command runs, so that none of its children can be outside: this
   * process enters them, forks, and leaves them. `start` must be synchronous. The limits are set afterwards, since they
   * would apply to this process too.
   */
  enter(start: () => ChildProcess): ChildProcess {
    // The way back is opened first: without a file descriptor for it this process would stay among the task's
    // processes.
    const entered: number[] = [];
    let child: ChildProcess;
    try {
      for (const tree of this.#used) {
        const home = this.#cgroups.home.get(tree);
        if (home === undefined) continue;
        entered.push(openSync(join(home, 'cgroup.procs'), 'w'));
        writeFileSync(join(tree, this.#name, 'cgroup.procs'), SELF);
      }
      child = start();
    } finally {
      for (const home of entered) {
        writeSync(home, SELF);
        closeSync(home);
      }
    }
    if (child.pid !== undefined && entered.length < this.#used.length) this.add(child.pid);
    return child;
  }

  /** Sets the limits; resources without one stay unlimited. */
  limit(limits: Limits): void {
    for (const path of this.#paths) {
      if (existsSync(path)) setLimits(path, this.#cgroups.version, limits);
    }
  }

  /** Whether the task has any cgroup. */
  get exists(): boolean {
    return this.#paths.some((path) => existsSync(path));
  }

  add(pid: number): void {
    for (const path of this.#paths) attempt(() => writeFileSync(join(path, 'cgroup.procs'), String(pid)));
  }

  /** Kills every process in the cgroups, and those forked in the meantime. */
  kill(): void {
    const killed = new Set<number>();
    for (let found = this.pids(); found.some((pid) => !killed.has(pid)); found = this.pids()) {
      for (const pid of found) {
        send(pid, 'SIGKILL');
        killed.add(pid);
      }
    }
  }

  pids(): readonly number[] {
    const texts = this.#paths.map((path) => text(join(path, 'cgroup.procs')));
    return [...new Set(texts.flatMap((lines) => lines.split('\n').filter(Boolean).map(Number)))];
  }

  /** Whether the kernel has killed one of its processes because it exceeded its memory. */
  outOfMemory(): boolean {
    return this.#paths.some((path) => {
      const events = text(join(path, 'memory.events')) + text(join(path, 'memory.oom_control'));
      return /^oom_kill [1-9]/m.test(events);
    });
  }

  /** Removes the cgroups; returns whether they are gone. One with processes in it stays. */
  remove(): boolean {
    return this.#paths.every((path) => !existsSync(path) || attempt(() => rmdirSync(path)));
  }
}

function limitable(tree: string, version: 1 | 2, limits: Limits): boolean {
  const path = join(tree, `probe-${process.pid}`);
  const works = attempt(() => {
    mkdirSync(path, { recursive: true });
    setLimits(path, version, limits);
    if (!existsSync(join(path, 'cgroup.procs'))) throw new Error('no cgroup');
  });
  attempt(() => rmdirSync(path));
  return works;
}

/** Only the files of this tree's controllers exist. */
function setLimits(path: string, version: 1 | 2, { cpu, memory, pids }: Limits): void {
  const write = (file: string, value: string): void => {
    if (existsSync(join(path, file))) writeFileSync(join(path, file), value);
  };
  if (cpu !== undefined) {
    const quota = Math.max(MIN_QUOTA_US, Math.round((cpu * PERIOD_US) / 1000));
    if (version === 2) write('cpu.max', `${quota} ${PERIOD_US}`);
    else {
      write('cpu.cfs_period_us', String(PERIOD_US));
      write('cpu.cfs_quota_us', String(quota));
    }
  }
  if (pids !== undefined) write('pids.max', String(pids));
  if (memory !== undefined) {
    write(version === 2 ? 'memory.max' : 'memory.limit_in_bytes', String(memory));
    // Swap would let it exceed the limit; without swap accounting the file is missing.
    if (version === 2) write('memory.swap.max', '0');
    else write('memory.memsw.limit_in_bytes', String(memory));
  }
}

function attempt(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

/** @throws errors of a system without free file descriptors: a group that cannot be read is not empty */
function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isShortage(error)) throw error;
    return '';
  }
}
