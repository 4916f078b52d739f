import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const CHUNK = Buffer.alloc(65_536);
/** Reserved beyond what is needed, so that most commits need not reserve any. */
const AHEAD_BYTES = 1_048_576;

/**
 * The space behind the last page of a data file, reserved on the disk before LMDB writes to it. lmdb 3.5.6 corrupts the
 * memory of the process if the disk is full while it writes; the space it gets here exists already.
 */
export class Room {
  readonly #path: string;
  /** Kept open, so that a process without file descriptors can still commit. */
  #file: number | undefined;
  #checked = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Reserves space, and some more if possible; returns whether `needed` bytes can be written behind `end`.
   *
   * @throws errors of the file system, except that it is full
   */
  take(end: number, needed: number): boolean {
    this.#file ??= openSync(this.#path, 'r+');
    const fd = this.#file;
    const { size, blocks } = fstatSync(fd);
    // A copy of the file may have holes, which take space only when they are written to.
    const from = !this.#checked && blocks * 512 < size ? end : Math.max(end, size);
    this.#checked = true;
    if (from - end >= needed) return true;
    const reached = fill(fd, from, end + needed + AHEAD_BYTES);
    if (reached < size) ftruncateSync(fd, Math.max(end, reached));
    return reached - end >= needed;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Writes zeros; returns where the disk was full, or `to`. */
function fill(fd: number, from: number, to: number): number {
  let at = from;
  try {
    while (at < to) at += writeSync(fd, CHUNK, 0, Math.min(CHUNK.length, to - at), at);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') throw error;
  }
  return at;
}
