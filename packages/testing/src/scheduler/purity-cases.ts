import { deepStrictEqual } from 'node:assert';
import type { Scheduler } from '@gantry/core';
import type { Round } from '@gantry/core/contracts';
import type { Case } from '../kit.ts';
import { randomRound } from './rounds.ts';

const SEEDS = Array.from({ length: 20 }, (_, at) => 1000 + at);

/** Cases that check that a plan is a function of its round. */
export const purityCases: readonly Case<Scheduler>[] = [
  {
    name: 'the same round gives the same plan',
    run(scheduler) {
      for (const seed of SEEDS) {
        deepStrictEqual(
          scheduler.place(randomRound(seed)),
          scheduler.place(randomRound(seed)),
          `seed ${seed}`,
        );
      }
    },
  },
  {
    name: 'nothing is remembered from round to round',
    run(scheduler) {
      for (const seed of SEEDS) {
        const fresh = scheduler.place(randomRound(seed));
        for (let other = 1; other <= 3; other++) scheduler.place(randomRound(seed + other));
        deepStrictEqual(scheduler.place(randomRound(seed)), fresh, `seed ${seed}`);
      }
    },
  },
  {
    name: 'the round is not changed',
    run(scheduler) {
      for (const seed of SEEDS) {
        const round = randomRound(seed);
        freeze(round.groups);
        freeze(round.nodes);
        scheduler.place(round);
        // Maps and sets cannot be frozen: they are compared.
        const { groups, nodes } = randomRound(seed);
        deepStrictEqual({ groups: round.groups, nodes: round.nodes }, { groups, nodes }, `seed ${seed}`);
      }
    },
  },
  {
    name: 'randomness comes only from the round',
    run(scheduler) {
      const constant = (seed: number): Round => ({ ...randomRound(seed), random: { next: () => 0.5 } });
      for (const seed of SEEDS)
        deepStrictEqual(scheduler.place(constant(seed)), scheduler.place(constant(seed)));
    },
  },
];

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}
