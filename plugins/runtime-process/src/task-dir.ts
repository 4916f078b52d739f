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
import { isShortage, type PortAddress } from '@gantry/core';

/** For the pid and the start time of a record. */
const NUMBERS_BYTES = 128;
const END_BYTES = 1024;

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

  /** Takes the space for the record and the end from the disk, so that neither fails for want of it later. */
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

  /** Whether the end is recorded; not if the folder has been removed in the meantime, or the disk failed. */
  writeEnd(end: TaskEnd): boolean {
    try {
      writeReserved(join(this.path, 'end.json'), end);
      return true;
    } catch {
      return false; // it is known in this process, and the task is looked for by the next one
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Writes over a file that was reserved, in place, so that a full disk does not matter; without one, a new file. */
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

/**
 * Undefined for a file that is missing or damaged.
 *
 * @throws errors of a system that has no file descriptor left: that says nothing about the file
 */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  }
}
