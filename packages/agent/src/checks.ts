import type { Clock, Runtime } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import type { HealthCheck, TemplateSpec } from '@gantry/core/model';
import { CheckLoop } from './health.ts';
import { probe, type Resolve } from './probe.ts';
import type { Reporter } from './reporter.ts';
import type { StatusTracker } from './status-tracker.ts';

/** Most tasks have none: they share this. */
const NO_LOOPS: readonly CheckLoop[] = Object.freeze([]);

type CheckName = 'startup' | 'readiness' | 'liveness';

export interface ChecksOptions {
  readonly task: string;
  readonly checks: TemplateSpec['healthChecks'];
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly tracker: StatusTracker;
  /** Where a port of the task is reached. */
  readonly resolve: Resolve;
  /** The startup check has succeeded. */
  readonly onStarted: () => void;
  /** The startup or liveness check has failed for good. */
  readonly onUnwell: (message: string) => void;
}

/** The health checks of one running task: they decide whether it is ready, and whether it has to be replaced. */
export class Checks {
  readonly #options: ChecksOptions;
  #loops: readonly CheckLoop[] = NO_LOOPS;
  #stopped = false;

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  /** Starts the startup check; `onStarted` follows its first success. */
  start(startup: HealthCheck): void {
    const { onStarted, onUnwell } = this.#options;
    const loop = this.#watch(
      'startup',
      startup,
      () => {
        loop.stop();
        onStarted();
      },
      (message) => onUnwell(`startup check: ${message}`),
    );
  }

  /** Starts the readiness and liveness checks, once the task is up. */
  startOthers(): void {
    const { checks, tracker, onUnwell } = this.#options;
    const { readiness, liveness } = checks;
    if (readiness !== undefined)
      this.#watch(
        'readiness',
        readiness,
        () => tracker.become('running', true),
        (text) =>
          tracker.become('running', false, {
            reason: 'ReadinessProbeFailed',
            message: `readiness check: ${text}`,
          }),
      );
    if (liveness !== undefined)
      this.#watch(
        'liveness',
        liveness,
        () => {},
        (text) => onUnwell(`liveness check: ${text}`),
      );
  }

  /** Takes in the image's own check, run by the engine: a startup and a liveness check in one, as in Docker Swarm. */
  onImageHealth({ health, healthMessage }: RuntimeTask): void {
    const { tracker, onStarted, onUnwell } = this.#options;
    if (this.#stopped) return;
    const message = `health check of the image: ${healthMessage ?? health}`;
    if (health === 'unhealthy') onUnwell(message);
    else if (tracker.phase !== 'starting') return;
    else if (health === 'healthy') onStarted();
    else if (healthMessage !== undefined) {
      tracker.note({ reason: 'StartupProbeFailed', message });
      tracker.reportSoon();
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const loop of this.#loops) loop.stop();
    this.#loops = NO_LOOPS;
  }

  #watch(
    name: CheckName,
    check: HealthCheck,
    onHealthy: () => void,
    onUnhealthy: (message: string) => void,
  ): CheckLoop {
    const { task, runtime, clock, resolve } = this.#options;
    const loop = new CheckLoop({
      check,
      clock,
      look: () => probe(check, { task, runtime, clock, resolve }),
      onHealthy,
      onUnhealthy,
      onFailure: (message) => this.#onFailure(name, `${name} check: ${message}`),
    });
    this.#loops = [...this.#loops, loop];
    loop.start();
    return loop;
  }

  /** Says of a task that is not ready yet what its check says. */
  #onFailure(name: CheckName, message: string): void {
    const { task, tracker, reporter } = this.#options;
    reporter.event({ task, type: 'warning', reason: 'ProbeFailed', message });
    const known = tracker.current;
    if (known.message === message || known.ready) return;
    if (name === 'startup' && tracker.phase === 'starting') {
      tracker.note({ reason: 'StartupProbeFailed', message });
      tracker.reportSoon();
    }
    if (name === 'readiness' && known.state === 'running')
      tracker.become('running', false, { reason: 'ReadinessProbeFailed', message });
  }
}
