import type { Random } from '@gantry/core';

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** Waits that grow from 0.1 s to 5 s, each shortened by chance by up to half: many who lost one server come back apart. */
export class Backoff {
  readonly #random: Random;
  #tries = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How long to wait before the next try. */
  next(): number {
    const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#tries++, 16));
    return most * (0.5 + this.#random.next() / 2);
  }

  reset(): void {
    this.#tries = 0;
  }
}
