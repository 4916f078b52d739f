import type { Clock } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { Ran, RunOptions } from '../../../packages/cli/test/support/terminal.ts';
import type { RuntimeName, TemplatePart } from './row.ts';

/** A cluster in which workloads fail, and a terminal that talks to it. */
export interface Bed extends AsyncDisposable {
  readonly runtime: RuntimeName;
  readonly api: ClusterApi;
  readonly clock: Clock;
  /** `host:port` of a registry, for images named `REGISTRY/…`. */
  readonly registry?: string;
  /** A template that runs and stays well. */
  readonly good: TemplatePart;
  /** Where commands run: a directory of its own. */
  readonly directory: string;
  /** Lets time pass until the check holds, at most ten seconds; says whether it came to hold. */
  until(check: () => Promise<boolean>): Promise<boolean>;
  /** Runs a command line of `gantry` to its end; time passes meanwhile. */
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
}

const STEP_MS = 100;
const MAX_STEPS = 100;

/** As {@link Bed.until}, on a clock whose time passes with `pass`. */
export async function until(
  check: () => Promise<boolean>,
  pass: (ms: number) => Promise<unknown>,
): Promise<boolean> {
  for (let step = 0; step < MAX_STEPS; step++) {
    if (await check()) return true;
    await pass(STEP_MS);
  }
  return check();
}
