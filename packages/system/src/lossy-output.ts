import { writeSync } from 'node:fs';

/** The parts of `process.stdout` and `process.stderr` that are used. */
export interface OutputStream {
  /** Bytes that were accepted and not written yet. */
  readonly writableLength: number;
  /** Whether it is a terminal. */
  readonly isTTY?: boolean | undefined;
  /** Descriptor of an output with synchronous writes. */
  readonly fd?: number | undefined;
  /** What Node says that it is: `file`, `pipe`, `tty`, `fs`. */
  readonly _type?: string | undefined;
  /** Writes text; `done` is called when it was written or has failed. */
  write(text: string, done: (error?: Error | null) => void): unknown;
  /** Adds a listener for write errors. */
  on(event: 'error', listener: () => void): unknown;
  /** Returns the listeners for write errors. */
  listeners(event: 'error'): readonly unknown[];
}

/** Output lost since the last successful write. */
export interface OutputLoss {
  /** Number of writes that were lost. */
  readonly writes: number;
  /** Code of the last error, such as `ENOSPC` or `EPIPE`; `EAGAIN` for a reader that does not read. */
  readonly reason: string;
}

/** Options of {@link LossyOutput}. */
export interface LossyOutputOptions {
  /** Maximum output that waits for a slow reader, in bytes; more is dropped (default: no limit). */
  readonly maxPendingBytes?: number | undefined;
  /** Returns a notice that is written before the next output after a loss. */
  readonly resumed?: ((loss: OutputLoss) => string) | undefined;
  /** Called for every failed write. */
  readonly onLoss?: ((reason: string) => void) | undefined;
  /** Writes to a file (default: `writeSync` of Node). */
  readonly write?: ((fd: number, bytes: Buffer, offset: number) => number) | undefined;
}

/**
 * An output that never fails: writes that cannot be done (a full disk, a reader that has closed or does not read) are
 * dropped and counted, and every further write is attempted again.
 */
export class LossyOutput {
  readonly #stream: OutputStream;
  readonly #options: LossyOutputOptions;
  readonly #write: (fd: number, bytes: Buffer, offset: number) => number;
  #lost = 0;
  #unreported = 0;
  #reason = '';
  #pending = 0;
  #waiters: (() => void)[] = [];
  /** Whether the last write to a file ended within a line. */
  #torn = false;
  #maxPendingBytes: number;

  /** Wraps a stream. */
  constructor(stream: OutputStream, options: LossyOutputOptions = {}) {
    this.#stream = stream;
    this.#options = options;
    this.#write = options.write ?? writeSync;
    this.#maxPendingBytes = options.maxPendingBytes ?? Number.POSITIVE_INFINITY;
    // Several clusters may write to one stream: one listener is enough.
    if (!stream.listeners('error').includes(ignored)) stream.on('error', ignored);
  }

  /** Number of failed writes, in total. */
  get lost(): number {
    return this.#lost;
  }

  /** Limits the output that waits for a slow reader, in bytes. */
  bound(maxPendingBytes: number): void {
    this.#maxPendingBytes = maxPendingBytes;
  }

  /** Writes text, or counts it as lost. Never blocks, never throws. */
  write(text: string): void {
    if (text === '') return;
    if (this.#stream.writableLength > this.#maxPendingBytes) {
      this.#lose('EAGAIN', 1);
      return;
    }
    const reported = this.#unreported;
    const notice =
      reported === 0 ? '' : (this.#options.resumed?.({ writes: reported, reason: this.#reason }) ?? '');
    this.#unreported = 0;
    this.#pending++;
    this.#send(`${this.#torn ? '\n' : ''}${notice}${text}`, (error) => {
      this.#pending--;
      if (error) this.#lose(codeOf(error), 1, reported);
      if (this.#pending === 0) for (const wake of this.#waiters.splice(0)) wake();
    });
  }

  /** Resolves once every write has succeeded or failed. */
  async flushed(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #lose(reason: string, writes: number, reported = 0): void {
    this.#lost += writes;
    this.#unreported += writes + reported;
    this.#reason = reason;
    this.#options.onLoss?.(reason);
  }

  #send(text: string, done: (error?: unknown) => void): void {
    const { fd, isTTY, _type } = this.#stream;
    try {
      // Node's streams regard a write to a file as complete even if the disk became full in the middle of it.
      if (typeof fd === 'number' && isTTY !== true && _type === 'fs')
        this.#writeAll(fd, Buffer.from(text), done);
      else this.#stream.write(text, done);
    } catch (error) {
      done(error);
    }
  }

  #writeAll(fd: number, bytes: Buffer, done: (error?: unknown) => void): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        const count = this.#write(fd, bytes, written);
        // The kernel should not do this: the loop would never end.
        if (count === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
        written += count;
      }
      this.#torn = false;
    } catch (error) {
      if (written > 0) this.#torn = true;
      done(error);
      return;
    }
    done();
  }
}

function ignored(): void {}

function codeOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: string };
  return typeof code === 'string' ? code : (message ?? String(error));
}
