import type { Random } from '@gantry/core';
import type { BalancePolicy } from '@gantry/core/contracts';

/** Chooses one of several backends; keeps the round-robin position. */
export class Chooser {
  readonly #random: Random;
  #turn = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  choose<T extends { readonly active: number }>(
    policy: BalancePolicy,
    candidates: readonly T[],
  ): T | undefined {
    const count = candidates.length;
    if (count < 2) return candidates[0];
    if (policy === 'random-two') {
      const first = Math.floor(this.#random.next() * count);
      const second = (first + 1 + Math.floor(this.#random.next() * (count - 1))) % count;
      return lesser(candidates[first] as T, candidates[second] as T);
    }
    const turn = this.#turn++ % count;
    let best = candidates[turn] as T;
    if (policy === 'round-robin') return best;
    // The position decides between equals, so that a quiet service uses all its backends.
    for (let step = 1; step < count; step++) best = lesser(best, candidates[(turn + step) % count] as T);
    return best;
  }
}

function lesser<T extends { readonly active: number }>(a: T, b: T): T {
  return b.active < a.active ? b : a;
}
