import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isShortage } from '@gantry/core';
import type { PortAddress } from '@gantry/core/model';

/** Space for the pid and the start time of a record. */
const NUMBERS_BYTES = 128;
const END_BYTES = 1024;

/** Record of a started task; written once, right after its start. */
export interface TaskRecord {
  readonly task: string;
  readonly pid: number;
  /** With the pid and the boot, identifies the process even if another one has the pid now. */
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

/** The directory of one task, with its records, logs and work directory: everything that outlives the program. */
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

  /** Reserves disk space for the record and the end, so that neither fails for lack of it later. */
  reserve(record: Omit<TaskRecord, 'pid' | 'startTicks'>): void {
    const length = Buffer.byteLength(JSON.stringify(record)) + NUMBERS_BYTES;
    for (const [name, bytes] of [['record.json', length] as const, ['end.json', END_BYTES] as const])
      writeFileSync(join(this.path, `${name}.new`), ' '.repeat(bytes), { mode: 0o600 });
  }

  writeRecord(record: TaskRecord): void {
    writeReserved(join(this.path, 'record.json'), record);
  }

  readEnd(): TaskEnd | undefined {
    return readJson(join(this.path, 'end.json')) as TaskEnd | undefined;
  }

  /** Records the end; returns false if the directory has been removed in the meantime, or the disk failed. */
  writeEnd(end: TaskEnd): boolean {
    try {
      writeReserved(join(this.path, 'end.json'), end);
      return true;
    } catch {
      return false; // the end is known in this process, and the next one searches for the task
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Overwrites a reserved file in place, so that a full disk does not matter; without one, creates a file. */
function writeReserved(path: string, value: unknown): void {
  const bytes = Buffer.from(JSON.stringify(value));
  let fd: number;
  try {
    fd = openSync(`${path}.new`, 'r+');
  } catch {
    writeJson(path, value);
    return;
  }
  try {
    const padding = Math.max(0, fstatSync(fd).size - bytes.length);
    writeAll(fd, Buffer.concat([bytes, Buffer.alloc(padding, ' ')]));
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
}

/** The tasks that have a directory here. */
export function taskFolders(root: string): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name.replace('@', '/'));
}

/** The name of a task's directory, and of its cgroup: `team-a/web.1.x` becomes `team-a@web.1.x`. */
export function folderOf(task: string): string {
  return task.replace('/', '@');
}

/** Writes a file atomically: if it exists it is complete, whenever the program dies. */
export function writeJson(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * Reads a file; undefined if it is missing or damaged.
 *
 * @throws errors of a system without free file descriptors: they say nothing about the file
 */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  }
}
