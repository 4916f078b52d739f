import { readdirSync, readFileSync } from 'node:fs';
import type { Engine } from './engine.ts';

/** Variable that marks the processes of one exec; its descendants inherit it. */
export const EXEC_MARKER = 'GANTRY_EXEC';
/** Number of searches: a process may fork while it is being looked for. */
const ROUNDS = 5;

/**
 * Terminates the command of an exec with all that it started. The engine cannot do that: the command keeps running
 * after its connection is closed. If the engine runs on this machine and its processes may be signalled, they are
 * killed from outside; otherwise by a shell inside the container. Never throws.
 */
export async function terminateExec(
  engine: Engine,
  { container, exec, marker }: { readonly container: string; readonly exec: string; readonly marker: string },
): Promise<void> {
  try {
    const { Running, Pid } = (await engine.calls.getExec(exec).inspect()) as {
      Running: boolean;
      Pid: number;
    };
    if (killFromOutside(Pid, marker) || !Running) return;
    await killFromInside(engine, container, marker);
  } catch {
    // The engine or the container is gone, and the command with it or unreachable.
  }
}

/** Returns whether the processes could be seen and signalled from here. */
function killFromOutside(pid: number, marker: string): boolean {
  const needle = `${EXEC_MARKER}=${marker}`;
  let seen = false;
  for (let round = 0; round < ROUNDS; round++) {
    const found = membersOf(pid, needle);
    if (found.length === 0) return seen;
    for (const member of found) {
      try {
        process.kill(member, 'SIGKILL');
        seen = true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') return false;
      }
    }
  }
  return seen;
}

/** The processes that carry the marker, and the descendants of the first one if it does. */
function membersOf(first: number, needle: string): readonly number[] {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = read(`/proc/${pid}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === undefined || state === 'Z' || state === 'X') continue;
    parents.set(pid, Number(parent));
    if (read(`/proc/${pid}/environ`).split('\0').includes(needle)) found.add(pid);
  }
  if (!found.has(first)) return [...found];
  // A child may have cleared its environment.
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (found.has(pid) || !found.has(parent)) continue;
      found.add(pid);
      grown = true;
    }
  }
  return [...found];
}

/** Kills the processes that carry the marker, with a shell inside the container. */
export async function killFromInside(engine: Engine, container: string, marker: string): Promise<void> {
  // The marker is split, so that the shell and grep do not find themselves.
  const script = `m=${EXEC_MARKER}; for p in /proc/[0-9]*; do grep -qs "$m=${marker}" "$p/environ" && kill -9 "\${p#/proc/}"; done; true`;
  const created = await engine.calls
    .getContainer(container)
    .exec({ Cmd: ['sh', '-c', script], User: '0', AttachStdout: false, AttachStderr: false });
  await engine.calls.getExec(created.id).start({ Detach: true });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
