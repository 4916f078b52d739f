import { readdirSync, readFileSync } from 'node:fs';
import { readProcess, send } from './process-table.ts';

/** Variable that marks the processes of one exec; its descendants inherit it. */
export const EXEC_MARKER = 'GANTRY_EXEC';
/** Number of searches: a process may fork while it is being looked for. */
const ROUNDS = 5;

/** Kills a command with its group, its descendants, and all that carry its marker. */
export function killExec(pid: number, marker: string): void {
  for (let round = 0; round < ROUNDS; round++) {
    let found: readonly number[] = [];
    try {
      found = membersOf(pid, `${EXEC_MARKER}=${marker}`);
    } catch {
      // Without a file descriptor only its group can be found; the other processes end with the task.
    }
    send(-pid, 'SIGKILL');
    for (const member of found) send(member, 'SIGKILL');
    if (found.length === 0) return;
  }
}

function membersOf(first: number, needle: string): readonly number[] {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const entry = Number.isInteger(pid) ? readProcess(pid) : undefined;
    if (entry === undefined) continue;
    parents.set(pid, entry.parent);
    if (pid === first || entry.session === first || environ(pid).includes(needle)) found.add(pid);
  }
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

function environ(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
