import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { next } from '../src/lifecycle/next.ts';
import { type History, histories, runHistory } from './support/lifecycle-history.ts';
import { MUTANTS } from './support/lifecycle-mutants.ts';
import type { Next } from './support/lifecycle-world.ts';

const RUNS = Number(process.env.GANTRY_LIFECYCLE_RUNS ?? 5000);
/** Enough for every mutant; fixed, so that a mutant is found in every run or in none. */
const MUTANT = { numRuns: 3000, seed: 1, endOnFailure: true };

/** Histories that once showed a bug; each stays. */
const FOUND: readonly History[] = [];

function keepsItsPromises(lifecycle: Next) {
  return fc.property(histories, (history) => {
    const { problems, log } = runHistory(lifecycle, history);
    if (problems.length > 0) throw new Error(`${problems.join('\n')}\n${log}`);
  });
}

describe('the lifecycle of a task', () => {
  test(`keeps its promises in ${RUNS} histories`, () => {
    const examples = FOUND.map((history): [History] => [history]);
    fc.assert(keepsItsPromises(next), { numRuns: RUNS, examples });
  });

  test.each(MUTANTS)('would not keep them if it $name', ({ next: broken, killedBy }) => {
    const { errorInstance } = fc.check(keepsItsPromises(broken), MUTANT);
    expect(String(errorInstance)).toMatch(killedBy);
  });
});
