import type { Batch } from './batch.ts';

/** The most recent batches of a kind, up to `limitBytes`, numbered consecutively. */
export class Ring {
  readonly #limit: number;
  #batches: Batch[] = [];
  #bytes = 0;
  /** Number of the first batch in the ring. */
  start = 0;
  /** The ring contains every change above this revision. */
  from: number;

  constructor(from: number, limitBytes: number) {
    this.from = from;
    this.#limit = limitBytes;
  }

  /** Number of the next batch. */
  get end(): number {
    return this.start + this.#batches.length;
  }

  push(batch: Batch): void {
    this.#batches.at(-1)?.settle();
    this.#batches.push(batch);
    this.#bytes += batch.bytes.length;
    let gone = 0;
    // The newest batch is kept, whatever its size.
    while (this.#bytes > this.#limit && gone < this.#batches.length - 1) {
      const oldest = this.#batches[gone++] as Batch;
      this.#bytes -= oldest.bytes.length;
      this.from = oldest.last;
    }
    if (gone === 0) return;
    this.#batches = this.#batches.slice(gone);
    this.start += gone;
  }

  at(number: number): Batch | undefined {
    return this.#batches[number - this.start];
  }

  /** Number of the first batch with a change above a revision. */
  after(revision: number): number {
    let [low, high] = [0, this.#batches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#batches[middle] as Batch).last > revision) high = middle;
      else low = middle + 1;
    }
    return this.start + low;
  }
}
