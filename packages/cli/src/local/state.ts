import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { statePath } from '../context/paths.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Record of a cluster that `up` runs. */
export interface LocalState {
  readonly name: string;
  readonly pid: number;
  /** Start time of the process in kernel ticks, which detects a reused pid. */
  readonly startTicks?: string | undefined;
  /** ms since the epoch. */
  readonly since: number;
  readonly server: string;
  readonly runtime: string;
  readonly nodes: readonly string[];
  readonly config?: string | undefined;
  /** The context that was current before. */
  readonly previousContext?: string | undefined;
}

export const logPath = (env: Env, name: string): string => join(statePath(env, name), 'log');
/** Directory for the records of runtime-process. */
export const runtimePath = (env: Env, name: string): string => join(statePath(env, name), 'runtime');
const filePath = (env: Env, name: string): string => join(statePath(env, name), 'state.json');

export async function writeState(env: Env, state: LocalState): Promise<void> {
  const path = filePath(env, state.name);
  await mkdir(statePath(env, state.name), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, path);
}

/** Reads the record of a cluster; undefined if there is none. */
export async function readState(env: Env, name: string): Promise<LocalState | undefined> {
  const text = await readFile(filePath(env, name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as LocalState);
}

/** Removes the record of a cluster, including its log. */
export async function removeState(env: Env, name: string): Promise<void> {
  await rm(statePath(env, name), { recursive: true, force: true });
}

/** Lists the clusters recorded on this machine. */
export async function listStates(env: Env): Promise<readonly LocalState[]> {
  const folder = dirname(statePath(env, 'x'));
  const names = await readdir(folder).catch(() => []);
  const states = await Promise.all(names.map((name) => readState(env, name)));
  return states.filter((state) => state !== undefined);
}

/** Start time of a process in kernel ticks; undefined if unknown. */
export async function startTicksOf(pid: number): Promise<string | undefined> {
  return (await statOf(pid))?.startTicks;
}

/** Whether the process of a record is running; a zombie does not count as running. */
export async function isAlive({ pid, startTicks }: Pick<LocalState, 'pid' | 'startTicks'>): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
  const stat = await statOf(pid);
  if (stat === undefined) return startTicks === undefined; // without /proc, or the process has just ended
  return !'ZX'.includes(stat.state) && (startTicks === undefined || stat.startTicks === startTicks);
}

async function statOf(
  pid: number,
): Promise<{ readonly state: string; readonly startTicks: string | undefined } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The second field, the program's name, may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: fields[19] };
}
