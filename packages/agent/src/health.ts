import type { Clock } from '@gantry/core';
import type { HealthCheck } from '@gantry/core/model';
import type { ProbeResult } from './probe.ts';

/** First look after the start; while a check has never succeeded it is repeated faster than its interval. */
const FIRST_MS = 15;
/** Failures in this time after the start are expected, and not reported. */
const QUICK_MS = 1000;

export interface CheckLoopOptions {
  readonly check: HealthCheck;
  readonly clock: Clock;
  readonly look: () => Promise<ProbeResult>;
  /** After the first success, and each time it succeeds again after having failed. */
  readonly onHealthy: () => void;
  /** After each failure that counts, with how many there were in a row; not after the quick looks at the start. */
  readonly onFailure?: (message: string, failures: number) => void;
  /** After `retries` failures in a row, once until it succeeds again. */
  readonly onUnhealthy: (message: string) => void;
}

/**
 * Repeats one health check. Before its first success the looks come quickly (from 15 ms on, doubling up to the interval),
 * so that a task counts as healthy as soon as it is, and it is given up after the time that `retries` looks at the
 * interval would take; afterwards `retries` failures in a row count.
 */
export class CheckLoop {
  readonly #options: CheckLoopOptions;
  readonly #startedAt: number;
  #wait = FIRST_MS;
  #state: 'unknown' | 'healthy' | 'unhealthy' = 'unknown';
  #failures = 0;
  /** Failures in a row, including those that do not count yet. */
  #row = 0;
  #cancel: () => void = () => {};
  #stopped = false;

  constructor(options: CheckLoopOptions) {
    this.#options = options;
    this.#startedAt = options.clock.elapsed();
  }

  start(): void {
    void this.#turn();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #turn(): Promise<void> {
    if (this.#stopped) return;
    const result = await this.#options.look();
    if (this.#stopped) return;
    if (result.ok) this.#succeeded();
    else this.#failed(result.message);
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(this.#nextWait(), () => void this.#turn());
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#row = 0;
    if (this.#state === 'healthy') return;
    this.#state = 'healthy';
    this.#options.onHealthy();
  }

  #failed(message: string): void {
    const { check, clock } = this.#options;
    const age = clock.elapsed() - this.#startedAt;
    this.#row++;
    if (age >= Math.min(check.intervalMs, QUICK_MS)) this.#options.onFailure?.(message, this.#row);
    if (this.#state === 'unhealthy') return;
    if (this.#state === 'unknown') {
      if (age < check.startPeriodMs + check.retries * check.intervalMs) return;
    } else {
      if (age < check.startPeriodMs) return;
      this.#failures++;
      if (this.#failures < check.retries) return;
    }
    this.#state = 'unhealthy';
    this.#options.onUnhealthy(message);
  }

  #nextWait(): number {
    const { intervalMs } = this.#options.check;
    if (this.#state !== 'unknown') return intervalMs;
    const wait = Math.min(this.#wait, intervalMs);
    this.#wait *= 2;
    return wait;
  }
}
