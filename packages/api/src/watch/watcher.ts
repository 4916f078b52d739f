import { GantryError } from '@gantry/core';
import { bookmarkLine } from './batch.ts';
import type { Ring } from './ring.ts';
import type { Selection } from './selection.ts';

/** Where a watcher's lines go: a `LineStream`. */
export interface LineSink {
  readonly blocked: boolean;
  write(lines: Buffer): void;
}

/** One who watches: where he is in the ring, and the stream to write to. */
export class Watcher {
  readonly selection: Selection;
  readonly #stream: LineSink;
  readonly #leave: (watcher: Watcher, why: GantryError | 'end' | 'left') => void;
  /** Number of the next batch for him. */
  #next: number;
  /** What he knows already. */
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

  /** Writes what he has not had, as far as he takes it. What he does not take stays in the ring, and only there. */
  pump(ring: Ring): void {
    while (this.#next < ring.end && !this.#stream.blocked) {
      if (this.#overrun(ring)) return;
      const batch = ring.at(this.#next++);
      const lines = batch?.linesFor(this.selection, this.#above);
      if (lines !== undefined && lines.length > 0) this.#stream.write(lines);
    }
    this.#overrun(ring);
  }

  /** He has everything up to here. */
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
