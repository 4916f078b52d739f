import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

/** Observations closer together than this, in ms, share an entry in the file of times. */
const TIMES_APART_MS = 100;
const MAX_TIMES = 2000;
const NEWLINE = 10;
/** Maximum chunks per read: a task that writes faster than this process reads is not caught up with. */
const MOST_CHUNKS = 100;

/** A line of one stream, with the position of its end in everything ever written to the stream. */
export interface StreamLine {
  readonly time: number;
  readonly text: string;
}

/** A length of the stream, and when it was first observed. */
type Seen = [length: number, time: number];

/**
 * One output stream of a task: a file that the task itself appends to, so that it continues while Gantry is not
 * running. Whenever the file grows, its length and the time are noted (beside it, in `….times`). When it exceeds half
 * its bound, it is moved to `….1` and started over. Positions count from the first known byte.
 */
export class LogFile {
  readonly path: string;
  readonly #half: number;
  /** Positions at which the older part and the current file begin. */
  #olderBase = 0;
  #base = 0;
  #size = 0;
  #seen: Seen[] = [];
  #savedAt = 0;
  #dropped = 0;

  constructor(path: string, maxBytes: number) {
    this.path = path;
    this.#half = Math.max(1024, Math.floor(maxBytes / 2));
  }

  /** Reads the notes of an earlier program; lines written after its last note get the time of the last write. */
  load(): void {
    const older = stat(`${this.path}.1`);
    this.#base = older?.size ?? 0;
    this.#seen = [...readTimes(`${this.path}.1.times`, 0), ...readTimes(`${this.path}.times`, this.#base)];
    const file = stat(this.path);
    if (file === undefined) return;
    this.#size = file.size;
    const last = this.#seen.at(-1)?.[0] ?? 0;
    if (this.end > last) this.#seen.push([this.end, Math.floor(file.mtimeMs)]);
  }

  /** Position after the last byte that was seen. */
  get end(): number {
    return this.#base + this.#size;
  }

  /** Checks whether the stream has grown, and returns whether it has. */
  observe(now: number): boolean {
    const size = stat(this.path)?.size ?? this.#size;
    if (size <= this.#size) return false;
    this.#size = size;
    this.#seen.push([this.end, now]);
    if (this.#seen.length > MAX_TIMES) this.#seen = this.#seen.filter((_, index) => index % 2 === 1);
    if (now - this.#savedAt >= TIMES_APART_MS) {
      this.#savedAt = now;
      quietly(() => appendFileSync(`${this.path}.times`, `${size} ${now}\n`, { mode: 0o600 }));
    }
    if (size > this.#half) this.#rotateOrDrop(now);
    return true;
  }

  /** Whole lines from a position on, and where the next ones begin; the `last` read also returns an unfinished line. */
  read(from: number, last: boolean): { readonly lines: readonly StreamLine[]; readonly next: number } {
    const start = Math.max(from, this.#olderBase);
    const bytes = Buffer.concat([
      part(`${this.path}.1`, start - this.#olderBase, this.#base - this.#olderBase),
      part(this.path, Math.max(0, start - this.#base), this.#size),
    ]);
    const lines: StreamLine[] = [];
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, at)) {
      lines.push({ time: this.#timeOf(start + end + 1), text: textOf(bytes.subarray(at, end)) });
      at = end + 1;
    }
    if (last && at < bytes.length) {
      lines.push({ time: this.#timeOf(start + bytes.length), text: textOf(bytes.subarray(at)) });
      at = bytes.length;
    }
    return { lines, next: start + at };
  }

  /**
   * Rotates the log. If there is no space for the older part, its output is dropped: the log must not grow, nor block
   * the task.
   */
  #rotateOrDrop(now: number): void {
    try {
      this.#rotate(now);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOSPC' && code !== 'EDQUOT') return; // the directory may be removed at any moment
      quietly(() => {
        for (const name of ['.1', '.1.times', '.times']) rmSync(`${this.path}${name}`, { force: true });
        const rest = takeRest(this.path, this.#size);
        this.#dropped += this.#base - this.#olderBase + this.#size + rest.length;
        this.#base += this.#size + rest.length;
        this.#olderBase = this.#base;
        this.#size = 0;
        this.#seen = [[this.#base, now]];
      });
    }
  }

  /** Bytes that were dropped because the disk was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Moves the end of the file to `….1`: most of it first, so that little is left to copy before the truncation. Output
   * between the last check and the truncation is lost: a few lines of a task that never pauses.
   */
  #rotate(now: number): void {
    const first = part(this.path, Math.max(0, this.#size - this.#half), this.#size);
    writeFileSync(`${this.path}.1`, first, { mode: 0o600 });
    const rest = takeRest(this.path, this.#size);
    const size = this.#size + rest.length;
    const all = Buffer.concat([first, rest]);
    const cut = Math.max(0, all.length - this.#half);
    const whole = all.length === size && cut === 0;
    const kept = whole ? all : all.subarray(all.indexOf(NEWLINE, Math.max(0, cut - 1)) + 1);
    if (kept.length !== first.length || rest.length > 0) {
      writeFileSync(`${this.path}.1`, kept, { mode: 0o600 });
    }
    this.#base += size;
    this.#olderBase = this.#base - kept.length;
    this.#size = 0;
    this.#seen.push([this.#base, now]);
    this.#seen = this.#seen.filter(([length]) => length > this.#olderBase);
    const times = this.#seen.map(([length, time]) => `${length - this.#olderBase} ${time}\n`);
    writeFileSync(`${this.path}.1.times`, times.join(''), { mode: 0o600 });
    writeFileSync(`${this.path}.times`, '', { mode: 0o600 });
  }

  /** When a line that ends at this position was first observed as complete. */
  #timeOf(position: number): number {
    let low = 0;
    let high = this.#seen.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seen[middle] as Seen)[0] < position) low = middle + 1;
      else high = middle;
    }
    return this.#seen[low]?.[1] ?? 0;
  }
}

/** Reads from a position until no more data arrives, and immediately empties the file. */
function takeRest(path: string, from: number): Buffer {
  const fd = openSync(path, 'r+');
  try {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const chunks: Buffer[] = [];
    for (let at = from; chunks.length < MOST_CHUNKS; ) {
      const read = readSync(fd, chunk, 0, chunk.length, at);
      if (read === 0) break;
      chunks.push(Buffer.from(chunk.subarray(0, read)));
      at += read;
    }
    ftruncateSync(fd, 0);
    return Buffer.concat(chunks);
  } finally {
    closeSync(fd);
  }
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

function readTimes(path: string, base: number): Seen[] {
  const seen: Seen[] = [];
  quietly(() => {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const [length, time] = line.split(' ').map(Number);
      if (length && time) seen.push([base + length, time]);
    }
  });
  return seen;
}

/** Bytes `from` to `to` of a file; fewer if it is shorter. */
function part(path: string, from: number, to: number): Buffer {
  if (to <= from) return Buffer.alloc(0);
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const bytes = Buffer.allocUnsafe(to - from);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(fd, bytes, length, bytes.length - length, from + length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function stat(path: string): { readonly size: number; readonly mtimeMs: number } | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** The directory may be removed at any moment. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {}
}
