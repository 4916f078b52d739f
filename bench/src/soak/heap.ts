import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 20_000;
const SNAPSHOT_MS = 120_000;
const LOOK_MS = 20;

/** Heap of a Node process after a garbage collection, in bytes, and the resources that keep it busy. */
export interface Heap {
  readonly heapUsed: number;
  readonly external: number;
  /** Kinds of timers, sockets and other resources, each repeated once per instance. */
  readonly resources: readonly string[];
}

/** Environment of processes that support {@link heapOf}; they exchange files through this directory. */
export function heapEnv(folder: string): Readonly<Record<string, string>> {
  const hook = new URL('./heap-hook.mjs', import.meta.url).href;
  return { NODE_OPTIONS: `--expose-gc --import ${hook}`, GANTRY_SOAK_HEAPS: folder };
}

/** Makes a process collect its garbage and report the remaining heap. */
export async function heapOf(folder: string, pid: number): Promise<Heap> {
  const file = join(folder, `${pid}.json`);
  await rm(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const text = await until(() => readFile(file, 'utf8'), PATIENCE_MS, `process ${pid} to report its heap`);
  return JSON.parse(text) as Heap;
}

/** Makes a process write a heap snapshot. */
export async function heapSnapshot(folder: string, pid: number, path: string): Promise<void> {
  const order = join(folder, `${pid}.snapshot`);
  await writeFile(order, path);
  await heapOf(folder, pid);
  const gone = async (): Promise<true> => {
    if (
      await stat(order).then(
        () => true,
        () => false,
      )
    )
      throw new Error('not yet');
    return true;
  };
  await until(gone, SNAPSHOT_MS, `a heap snapshot of process ${pid}`);
}

async function until<T>(look: () => Promise<T>, timeoutMs: number, what: string): Promise<T> {
  for (const deadline = performance.now() + timeoutMs; ; await sleep(LOOK_MS)) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadline)
        throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: error });
    }
  }
}
