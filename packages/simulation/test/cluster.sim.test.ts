import { describe, expect, test } from 'vitest';
import { runScenario } from '../src/index.ts';
import { scenario } from './support/scenario.ts';

/** Histories of the first commands that once showed a bug; each stays. */
const FOUND: readonly number[] = [24, 64, 71, 900, 1017, 1164];
const RUNS = Number(process.env.GANTRY_SIM_RUNS ?? 60);
const FIRST = Number(process.env.GANTRY_SIM_SEED ?? 1);

describe('a cluster in virtual time, under random commands and faults', () => {
  for (const seed of FOUND) {
    test(`found before: seed ${seed}`, async () => {
      expect(await problemsOf(seed, 'first')).toEqual([]);
    });
  }

  test(`${RUNS} histories from seed ${FIRST} satisfy the invariants`, async () => {
    for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
      const problems = await problemsOf(seed);
      expect(problems, `seed ${seed}: GANTRY_SIM_SEED=${seed} GANTRY_SIM_RUNS=1 shows it again`).toEqual([]);
    }
  });
});

async function problemsOf(seed: number, commands?: 'first'): Promise<readonly string[]> {
  const { problems, log } = await runScenario(scenario(commands), {
    seed,
    controlPlane: { heartbeatMs: 2000, downAfterMs: 6000 },
  });
  return problems.length === 0 ? [] : [...problems, ...log];
}
