import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PortAddress } from '@gantry/core';

/** What is known of a task that was started; written once, right after its start. */
export interface TaskRecord {
  readonly task: string;
  readonly pid: number;
  /** Together with the pid and the boot: whose pid it was, should another have it now. */
  readonly startTicks: number;
  readonly boot: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly stopSignal: string;
  readonly ports?: readonly PortAddress[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** How a task ended; written once. */
export interface TaskEnd {
  readonly finishedAt: number;
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
  readonly signal?: string | undefined;
  readonly oomKilled?: boolean | undefined;
}

/** The folder of one task, with its records, logs and work folder: all that outlives the program. */
export class TaskDir {
  readonly path: string;

  constructor(root: string, task: string) {
    this.path = join(root, folderOf(task));
  }

  get work(): string {
    return join(this.path, 'work');
  }

  create(): void {
    mkdirSync(this.work, { recursive: true, mode: 0o700 });
  }

  readRecord(): TaskRecord | undefined {
    return readJson(join(this.path, 'record.json')) as TaskRecord | undefined;
  }

  writeRecord(record: TaskRecord): void {
    writeJson(join(this.path, 'record.json'), record);
  }

  readEnd(): TaskEnd | undefined {
    return readJson(join(this.path, 'end.json')) as TaskEnd | undefined;
  }

  /** Quiet when the folder has been removed in the meantime. */
  writeEnd(end: TaskEnd): void {
    try {
      writeJson(join(this.path, 'end.json'), end);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The tasks that have a folder here. */
export function taskFolders(root: string): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name.replace('@', '/'));
}

/** The name of a task's folder, and of its cgroup: `team-a/web.1.x` becomes `team-a@web.1.x`. */
export function folderOf(task: string): string {
  return task.replace('/', '@');
}

/** A file that is there is whole, whenever the program dies. */
export function writeJson(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
