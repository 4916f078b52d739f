import type { Random } from '../contracts/random.ts';

/**
 * Exponential backoff with jitter: delays double up to the maximum, each reduced at random by up to half, so that
 * clients of a lost server do not all reconnect at once. By default from 0.1 s to 5 s.
 */
export class Backoff {
  readonly #random: Random;
  readonly #firstMs: number;
  readonly #longestMs: number;
  #tries = 0;

  /**
   * Creates a backoff whose first delay is `firstMs` (default: 100) and whose longest is `longestMs` (default: 5000).
   */
  constructor(random: Random, firstMs = 100, longestMs = 5000) {
    this.#random = random;
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /** Delay before the next attempt, ms. */
  next(): number {
    const most = Math.min(this.#longestMs, this.#firstMs * 2 ** Math.min(this.#tries++, 16));
    return most * (0.5 + this.#random.next() / 2);
  }

  /** The next wait is the first one again. */
  reset(): void {
    this.#tries = 0;
  }
}
