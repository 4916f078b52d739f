import { GantryError } from '@gantry/core';
import { bookmarkLine } from './batch.ts';
import type { Ring } from './ring.ts';
import type { Selection } from './selection.ts';

/** Output of a watcher: a `LineStream`. */
export interface LineSink {
  readonly blocked: boolean;
  write(lines: Buffer): void;
}

/** A watch client: its position in the ring and its output stream. */
export class Watcher {
  readonly selection: Selection;
  readonly #stream: LineSink;
  readonly #leave: (watcher: Watcher, why: GantryError | 'end' | 'left') => void;
  /** Number of the next batch to send. */
  #next: number;
  /** Revision that the client already has. */
  #above: number;

  constructor(
    stream: LineSink,
    selection: Selection,
    position: { readonly next: number; readonly above: number },
    leave: (watcher: Watcher, why: GantryError | 'end' | 'left') => void,
  ) {
    this.#stream = stream;
    this.selection = selection;
    this.#next = position.next;
    this.#above = position.above;
    this.#leave = leave;
  }

  get blocked(): boolean {
    return this.#stream.blocked;
  }

  /**
   * Writes pending batches until the stream is blocked. Unsent batches stay in the ring and are not buffered elsewhere.
   */
  pump(ring: Ring): void {
    while (this.#next < ring.end && !this.#stream.blocked) {
      if (this.#overrun(ring)) return;
      const batch = ring.at(this.#next++);
      const lines = batch?.linesFor(this.selection, this.#above);
      if (lines !== undefined && lines.length > 0) this.#stream.write(lines);
    }
    this.#overrun(ring);
  }

  /** Sends a bookmark, if the client has received everything so far. */
  bookmark(ring: Ring): void {
    if (this.#next < ring.end || this.#stream.blocked) return;
    this.#stream.write(
      Buffer.from(bookmarkLine(Math.max(this.#above, ring.at(ring.end - 1)?.last ?? ring.from))),
    );
  }

  end(why: GantryError | 'end'): void {
    this.#leave(this, why);
  }

  #overrun(ring: Ring): boolean {
    if (this.#next >= ring.start) return false;
    this.end(new GantryError('COMPACTED', 'this watch is too far behind: list again'));
    return true;
  }
}
