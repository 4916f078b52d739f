import { aborted, type Clock } from '@gantry/core';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
  cancelled: boolean;
}

/**
 * Virtual time, which moves only when the test moves it. Sleepers wake in the order of their deadlines (then of their
 * arrival), and promises settle between two of them, so the same program gives the same history every time.
 */
export class TestClock implements Clock {
  #now: number;
  readonly #start: number;
  #order = 0;
  /** A binary heap by (at, order). */
  readonly #heap: Sleeper[] = [];
  #pending = 0;

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
    this.#start = startMs;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now - this.#start;
  }

  /** Number of waiting sleepers: 0 at the end of a test that left none behind. */
  get pending(): number {
    return this.#pending;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted(signal));
      const onAbort = (): void => {
        cancel();
        reject(aborted(signal as AbortSignal));
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  after(ms: number, callback: () => void): () => void {
    const sleeper: Sleeper = {
      at: this.#now + Math.max(0, ms),
      order: this.#order++,
      wake: callback,
      cancelled: false,
    };
    push(this.#heap, sleeper);
    this.#pending++;
    return () => {
      if (!sleeper.cancelled) this.#pending--;
      sleeper.cancelled = true;
    };
  }

  /** Moves time forward and wakes every sleeper that is due, including those that begin to sleep during the call. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await this.settle();
    for (let next = this.#peek(); next !== undefined && next.at <= target; next = this.#peek()) {
      this.#wake(next);
      await this.settle();
    }
    this.#now = target;
  }

  /** Advances until the check holds, at most `maxMs` of virtual time; returns whether it holds. */
  async advanceUntil(check: () => boolean, maxMs: number): Promise<boolean> {
    const deadline = this.#now + maxMs;
    await this.settle();
    while (!check()) {
      const next = this.#peek();
      if (next === undefined || next.at > deadline) {
        this.#now = deadline;
        return false;
      }
      this.#wake(next);
      await this.settle();
    }
    return true;
  }

  /** Lets every promise that can settle do so: one turn of the event loop runs all microtasks to their end. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #wake(sleeper: Sleeper): void {
    pop(this.#heap);
    sleeper.cancelled = true; // too late to cancel
    this.#pending--;
    this.#now = Math.max(this.#now, sleeper.at);
    sleeper.wake();
  }

  #peek(): Sleeper | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (!top.cancelled) return top;
      pop(this.#heap);
    }
    return undefined;
  }
}

function before(a: Sleeper, b: Sleeper): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Sleeper[], sleeper: Sleeper): void {
  let index = heap.push(sleeper) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(sleeper, heap[parent] as Sleeper)) break;
    heap[index] = heap[parent] as Sleeper;
    index = parent;
  }
  heap[index] = sleeper;
}

function pop(heap: Sleeper[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Sleeper, heap[child] as Sleeper)) child++;
    if (!before(heap[child] as Sleeper, last)) break;
    heap[index] = heap[child] as Sleeper;
    index = child;
  }
  heap[index] = last;
}
