import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
const PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;

export interface Limits {
  readonly cpu?: number | undefined;
  readonly memory?: number | undefined;
}

/** Where limits can be set on this machine: version 2 has one tree for both, version 1 one for each. */
export interface Cgroups {
  readonly version: 1 | 2;
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
}

/** Tries it out: what the kernel offers and we may not do counts as not there. */
export function probeCgroups(): Cgroups {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) {
    const tree = join(ROOT, 'gantry');
    const works =
      attempt(() => {
        mkdirSync(tree, { recursive: true });
        writeFileSync(join(ROOT, 'cgroup.subtree_control'), '+cpu +memory');
        writeFileSync(join(tree, 'cgroup.subtree_control'), '+cpu +memory');
      }) && limitable(tree, 2, { cpu: 1000, memory: 2 ** 30 });
    return { version: 2, cpu: works ? tree : undefined, memory: works ? tree : undefined };
  }
  const tree = (controller: 'cpu' | 'memory', limits: Limits): string | undefined => {
    const path = join(ROOT, controller, 'gantry');
    const works = existsSync(join(ROOT, controller)) && attempt(() => mkdirSync(path, { recursive: true }));
    return works && limitable(path, 1, limits) ? path : undefined;
  };
  return { version: 1, cpu: tree('cpu', { cpu: 1000 }), memory: tree('memory', { memory: 2 ** 30 }) };
}

/** The cgroups of one task. */
export class TaskCgroup {
  readonly #cgroups: Cgroups;
  readonly #paths: readonly string[];

  constructor(cgroups: Cgroups, name: string) {
    this.#cgroups = cgroups;
    const trees = [cgroups.cpu, cgroups.memory].filter((tree) => tree !== undefined);
    this.#paths = [...new Set(trees)].map((tree) => join(tree, name));
  }

  create(limits: Limits): void {
    for (const path of this.#paths) mkdirSync(path, { recursive: true });
    for (const path of this.#paths) setLimits(path, this.#cgroups.version, limits);
  }

  /** Whether the task has any. */
  get exists(): boolean {
    return this.#paths.some((path) => existsSync(path));
  }

  add(pid: number): void {
    for (const path of this.#paths) attempt(() => writeFileSync(join(path, 'cgroup.procs'), String(pid)));
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

  /** Says whether it is gone; one with processes in it stays. */
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

/** Only the files of the controllers of this tree are there. */
function setLimits(path: string, version: 1 | 2, { cpu, memory }: Limits): void {
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
  if (memory !== undefined) {
    write(version === 2 ? 'memory.max' : 'memory.limit_in_bytes', String(memory));
    // Swap would let it exceed the limit; where there is no swap accounting the file is missing.
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

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
