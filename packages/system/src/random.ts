import { getRandomValues } from 'node:crypto';
import { contracts, definePlugin, type Random } from '@gantry/core';

const POOL = 512;

/** The system's random source, suitable for identifiers: numbers of 53 bits from the cryptographic generator. */
export class SystemRandom implements Random {
  readonly #pool = new Uint32Array(POOL);
  #next = POOL;

  next(): number {
    if (this.#next >= POOL) {
      getRandomValues(this.#pool);
      this.#next = 0;
    }
    const high = (this.#pool[this.#next++] as number) >>> 5;
    const low = (this.#pool[this.#next++] as number) >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }
}

/** Plugin: the system's random source for `contracts.random`. */
export const systemRandom = definePlugin({
  name: 'random-system',
  provides: contracts.random,
  create: () => new SystemRandom(),
});
