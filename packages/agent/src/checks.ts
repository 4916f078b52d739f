import type { Clock, Runtime } from '@gantry/core';
import type { HealthCheck, TemplateSpec } from '@gantry/core/model';
import { CheckLoop } from './health.ts';
import { probe, type Resolve } from './probe.ts';

/** Most tasks have none: they share this. */
const NO_LOOPS: readonly CheckLoop[] = Object.freeze([]);

export type CheckName = 'startup' | 'readiness' | 'liveness';
export type CheckVerdict = 'passed' | 'failing' | 'failed';

export interface ChecksOptions {
  readonly task: string;
  readonly checks: TemplateSpec['healthChecks'];
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** Where a port of the task is reached. */
  readonly resolve: Resolve;
  /**
   * A check has passed after it had not, is failing (after each failure that counts), or has failed for good; the message
   * says why.
   */
  readonly onVerdict: (check: CheckName, verdict: CheckVerdict, message: string) => void;
}

/** The health checks of one running task. */
export class Checks {
  readonly #options: ChecksOptions;
  #loops: readonly CheckLoop[] = NO_LOOPS;

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  /** Starts the startup check, which ends with its first success. */
  startStartup(): void {
    const { startup } = this.#options.checks;
    if (startup !== undefined) this.#watch('startup', startup);
  }

  /** Starts the readiness and liveness checks, once the task is up. */
  startOthers(): void {
    const { readiness, liveness } = this.#options.checks;
    if (readiness !== undefined) this.#watch('readiness', readiness);
    if (liveness !== undefined) this.#watch('liveness', liveness);
  }

  stop(): void {
    for (const loop of this.#loops) loop.stop();
    this.#loops = NO_LOOPS;
  }

  #watch(name: CheckName, check: HealthCheck): void {
    const { task, runtime, clock, resolve, onVerdict } = this.#options;
    const loop = new CheckLoop({
      check,
      clock,
      look: () => probe(check, { task, runtime, clock, resolve }),
      onHealthy: () => {
        if (name === 'startup') loop.stop();
        onVerdict(name, 'passed', '');
      },
      onUnhealthy: (message) => onVerdict(name, 'failed', message),
      onFailure: (message) => onVerdict(name, 'failing', message),
    });
    this.#loops = [...this.#loops, loop];
    loop.start();
  }
}
