import type { Clock } from '@gantry/core';

/** Counting semaphore with FIFO waiters. */
export class Gate {
  readonly #places: number;
  readonly #waiting: (() => void)[] = [];
  readonly #watchers = new Set<() => void>();
  #free: number;
  /** When the last holder left, as first observed; undefined until observed. Initially long ago. */
  #endedAt: number | undefined = Number.NEGATIVE_INFINITY;

  constructor(places: number) {
    this.#places = places;
    this.#free = places;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
      if (this.#free === this.#places) {
        this.#endedAt = undefined;
        for (const wake of this.#watchers) wake();
      }
    }
  }

  /** For less urgent work: resolves once the semaphore was unused for `quietMs`, at the latest after `maxMs`. */
  async lull(clock: Clock, quietMs: number, maxMs: number): Promise<void> {
    const deadline = clock.elapsed() + maxMs;
    for (;;) {
      const busy = this.#free < this.#places;
      const rest = busy ? Number.POSITIVE_INFINITY : this.#idleSince(clock) + quietMs - clock.elapsed();
      const left = deadline - clock.elapsed();
      if (rest <= 0 || left <= 0) return;
      await this.#change(clock, Math.min(rest, left));
    }
  }

  #idleSince(clock: Clock): number {
    this.#endedAt ??= clock.elapsed(); // not observed when the last holder left
    return this.#endedAt;
  }

  /** Resolves when a holder enters or the last one leaves, or after a time. */
  #change(clock: Clock, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#watchers.delete(done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      this.#watchers.add(done);
    });
  }
}
