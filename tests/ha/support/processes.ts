import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A process that runs for a task. */
export interface TaskProcess {
  readonly node: string;
  readonly task: string;
  readonly pid: number;
}

const MARKER = /(?:^|\0)GANTRY_TASK_DIR=([^\0]+)/;

/** All processes of the machine that run for tasks of nodes whose records are kept in these folders, by node and pid. */
export function taskProcesses(folders: readonly string[]): readonly TaskProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    const path = MARKER.exec(textOf(pid))?.[1];
    if (path === undefined || !folders.some((folder) => path.startsWith(`${folder}/`))) return [];
    return [{ node: basename(dirname(path)), task: basename(path).replace('@', '/'), pid }];
  });
}

/** The environment of a process; empty for one that has ended. */
function textOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
