import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { statePath } from '../context/paths.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What is known of a cluster that `up` runs. */
export interface LocalState {
  readonly name: string;
  readonly pid: number;
  /** When the process started, in the kernel's ticks: a pid that is used again is not it. */
  readonly startTicks?: string | undefined;
  /** ms since the epoch. */
  readonly since: number;
  readonly server: string;
  readonly runtime: string;
  readonly nodes: readonly string[];
  readonly config?: string | undefined;
  /** The context that was the current one before. */
  readonly previousContext?: string | undefined;
}

export const logPath = (env: Env, name: string): string => join(statePath(env, name), 'log');
/** Where runtime-process keeps its records. */
export const runtimePath = (env: Env, name: string): string => join(statePath(env, name), 'runtime');
const filePath = (env: Env, name: string): string => join(statePath(env, name), 'state.json');

export async function writeState(env: Env, state: LocalState): Promise<void> {
  const path = filePath(env, state.name);
  await mkdir(statePath(env, state.name), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, path);
}

/** Undefined if there is none. */
export async function readState(env: Env, name: string): Promise<LocalState | undefined> {
  const text = await readFile(filePath(env, name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as LocalState);
}

/** Forgets a cluster, with its log. */
export async function removeState(env: Env, name: string): Promise<void> {
  await rm(statePath(env, name), { recursive: true, force: true });
}

/** The clusters that are known here. */
export async function listStates(env: Env): Promise<readonly LocalState[]> {
  const folder = dirname(statePath(env, 'x'));
  const names = await readdir(folder).catch(() => []);
  const states = await Promise.all(names.map((name) => readState(env, name)));
  return states.filter((state) => state !== undefined);
}

/** When a process started, as the kernel counts; undefined where that cannot be told. */
export async function startTicksOf(pid: number): Promise<string | undefined> {
  return (await statOf(pid))?.startTicks;
}

/** Whether the process that a state tells of is there; one that has ended and is not yet reaped is not. */
export async function isAlive({ pid, startTicks }: Pick<LocalState, 'pid' | 'startTicks'>): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
  const stat = await statOf(pid);
  if (stat === undefined) return startTicks === undefined; // no /proc here, or it has just gone
  return !'ZX'.includes(stat.state) && (startTicks === undefined || stat.startTicks === startTicks);
}

async function statOf(
  pid: number,
): Promise<{ readonly state: string; readonly startTicks: string | undefined } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The second field, the program's name, may have blanks and parentheses in it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: fields[19] };
}
