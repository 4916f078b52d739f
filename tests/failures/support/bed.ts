import type { Clock, ClusterApi } from '@gantry/core';
import type { Ran, RunOptions } from '../../../packages/cli/test/support/terminal.ts';
import type { RuntimeName, TemplatePart } from './row.ts';

/** A cluster in which workloads fail, and a terminal that talks to it. */
export interface Bed extends AsyncDisposable {
  readonly runtime: RuntimeName;
  readonly api: ClusterApi;
  readonly clock: Clock;
  /** A template that runs and stays well. */
  readonly good: TemplatePart;
  /** Runs a command line of `gantry` to its end; time passes meanwhile. */
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
}
