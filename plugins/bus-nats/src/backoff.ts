import type { Random } from '@gantry/core';

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** Waits that grow from 0.1 s to 5 s, each shortened by chance by up to half: many who lost one server come back apart. */
export class Backoff {
  readonly #random: Random;
  #tries = 0;
  #waitMs: number;

  constructor(random: Random) {
    this.#random = random;
    this.#waitMs = this.#draw();
  }

  /** How many tries there were since it worked. */
  get tries(): number {
    return this.#tries;
  }

  /** How long to wait before the next try; the same until there was one. */
  get waitMs(): number {
    return this.#waitMs;
  }

  tried(): void {
    this.#tries++;
    this.#waitMs = this.#draw();
  }

  reset(): void {
    this.#tries = 0;
    this.#waitMs = this.#draw();
  }

  #draw(): number {
    const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#tries, 16));
    return most * (0.5 + this.#random.next() / 2);
  }
}
