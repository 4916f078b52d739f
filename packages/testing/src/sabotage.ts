import type { Fixture, Kit, KitOptions } from './kit.ts';
import { runCase, runKit } from './run-kit.ts';

/** A broken implementation, and the case that is meant to catch it. */
export interface Wreck<Subject> {
  /** What is broken: "ignores deletes". */
  readonly name: string;
  /** Name of the case that must fail. */
  readonly caughtBy: string;
  readonly make: () => Promise<Fixture<Subject>> | Fixture<Subject>;
}

/**
 * Patience for a control, as long as any sound implementation may need on a busy machine: it must not fail for being
 * slow.
 */
const CONTROL_PATIENCE_MS = 60_000;

/**
 * Checks a kit itself: an intact control must pass every case, and each wreck must fail the case meant for it. Returns
 * the problems of the kit; if the list is empty, the kit can be trusted. The timeout of `options` applies to the
 * wrecks.
 */
export async function checkKit<Subject>(
  kit: Kit<Subject>,
  control: () => Promise<Fixture<Subject>> | Fixture<Subject>,
  wrecks: readonly Wreck<Subject>[],
  options: KitOptions = { patienceMs: 300 },
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const result of await runKit(kit, control, { ...options, patienceMs: CONTROL_PATIENCE_MS })) {
    if (result.outcome === 'failed')
      problems.push(`the control fails "${result.name}": ${String(result.error)}`);
  }
  for (const wreck of wrecks) {
    const testCase = kit.cases.find((candidate) => candidate.name === wreck.caughtBy);
    if (testCase === undefined) {
      problems.push(`"${wreck.name}": there is no case "${wreck.caughtBy}"`);
      continue;
    }
    const result = await runCase(testCase, wreck.make, options);
    if (result.outcome !== 'failed') problems.push(`"${wreck.name}" gets past "${wreck.caughtBy}"`);
  }
  return problems;
}
