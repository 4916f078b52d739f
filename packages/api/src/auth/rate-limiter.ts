import type { Clock } from '@gantry/core';

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket for each caller: `perSecond` requests a second, and a burst of up to `burst` after a pause. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, perSecond: number, burst: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes one token from the bucket. Returns 0, or the number of ms until one is available. */
  take(who: string): number {
    const now = this.#clock.elapsed();
    let bucket = this.#buckets.get(who);
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, at: now };
      this.#buckets.set(who, bucket);
    }
    bucket.tokens = Math.min(this.#burst, bucket.tokens + ((now - bucket.at) / 1000) * this.#perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / this.#perSecond) * 1000);
    bucket.tokens--;
    return 0;
  }

  forget(who: string): void {
    this.#buckets.delete(who);
  }
}
