import { type Clock, GantryError, type LoadBalancer, type Logger, toGantryError } from '@gantry/core';
import type { BackendStats } from '@gantry/core/contracts';

/** How long an exchange with the control plane waits for counters, ms. */
const STATS_MS = 500;

/**
 * Counters of a load balancer that may fail or hang: neither holds up its caller for longer than half a second, and a call
 * that hangs is not repeated until it has ended.
 */
export class BalancerStats {
  readonly #loadBalancer: LoadBalancer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #pending: Promise<readonly BackendStats[]> | undefined;
  #hasFailed = false;

  constructor(loadBalancer: LoadBalancer, clock: Clock, logger: Logger) {
    this.#loadBalancer = loadBalancer;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Returns the counters, or undefined if they cannot be read now; the first failure in a row is logged. */
  async read(): Promise<readonly BackendStats[] | undefined> {
    try {
      if (this.#pending !== undefined)
        throw new GantryError('TIMEOUT', 'an earlier call of stats() has not ended');
      this.#pending = this.#call();
      const stats = await this.#inTime(this.#pending);
      this.#hasFailed = false;
      return stats;
    } catch (error) {
      if (!this.#hasFailed)
        this.#logger.warn('failed to read the counters of the load balancer', {
          error: toGantryError(error),
        });
      this.#hasFailed = true;
      return undefined;
    }
  }

  async #call(): Promise<readonly BackendStats[]> {
    try {
      return await this.#loadBalancer.stats();
    } finally {
      this.#pending = undefined;
    }
  }

  async #inTime(stats: Promise<readonly BackendStats[]>): Promise<readonly BackendStats[]> {
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(STATS_MS, () =>
        reject(new GantryError('TIMEOUT', `stats() took longer than ${STATS_MS} ms`)),
      );
    });
    try {
      return await Promise.race([stats, late]);
    } finally {
      cancel();
    }
  }
}
