import type { Random } from '@gantry/core';

/** Waits that double from the first to the longest, each shortened by chance by up to half: who lost one server come back apart. */
export class Backoff {
  readonly #random: Random;
  readonly #firstMs: number;
  readonly #longestMs: number;
  #tries = 0;

  constructor(random: Random, firstMs: number, longestMs: number) {
    this.#random = random;
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /** How long to wait before the next try. */
  next(): number {
    const most = Math.min(this.#longestMs, this.#firstMs * 2 ** Math.min(this.#tries++, 16));
    return most * (0.5 + this.#random.next() / 2);
  }

  reset(): void {
    this.#tries = 0;
  }
}
