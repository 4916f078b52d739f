import { GantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';

type Batch = readonly StoreEvent[];
type Step = IteratorResult<Batch, undefined>;

interface Waiting {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One iteration of a watch. Pending batches wait by reference and are delivered together; if more events wait than the
 * store's history holds, the watch ends with COMPACTED instead of growing.
 */
export class Watcher implements AsyncIterator<Batch, undefined> {
  readonly prefix: string;
  /** Events up to this revision are not for this watcher. */
  readonly #since: number;
  readonly #limit: number;
  readonly #leave: (watcher: Watcher) => void;
  #batches: Batch[] = [];
  #events = 0;
  #waiting: Waiting[] = [];
  #ended = false;
  #error: GantryError | undefined;

  constructor(prefix: string, since: number, limit: number, leave: (watcher: Watcher) => void) {
    this.prefix = prefix;
    this.#since = since;
    this.#limit = limit;
    this.#leave = leave;
  }

  /** The events of one commit, all under the prefix; the array is kept and never changed. */
  push(batch: Batch): void {
    if (this.#ended) return;
    if ((batch[0] as StoreEvent).revision <= this.#since) {
      batch = batch.filter((event) => event.revision > this.#since);
      if (batch.length === 0) return;
    }
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: batch });
      return;
    }
    this.#events += batch.length;
    if (this.#events > this.#limit) {
      this.end(new GantryError('COMPACTED', `the watcher of "${this.prefix}" fell behind: list again`));
      return;
    }
    this.#batches.push(batch);
  }

  /** Ends the iteration immediately; with an error, the next step throws it. */
  end(error?: GantryError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#batches = [];
    this.#leave(this);
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#error = error;
    for (const one of waiting) this.#last(one);
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return this.#last({ resolve, reject });
      const batches = this.#batches;
      if (batches.length === 0) {
        this.#waiting.push({ resolve, reject });
        return;
      }
      this.#batches = [];
      this.#events = 0;
      resolve({ done: false, value: batches.length === 1 ? (batches[0] as Batch) : batches.flat() });
    });
  }

  async return(): Promise<Step> {
    this.end();
    return { done: true, value: undefined };
  }

  #last(waiting: Waiting): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) waiting.resolve({ done: true, value: undefined });
    else waiting.reject(error);
  }
}
