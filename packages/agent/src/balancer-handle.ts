import { type Clock, GantryError, type LoadBalancer, type Logger, toGantryError } from '@gantry/core';
import type { BackendStats, Frontend, FrontendStatus } from '@gantry/core/contracts';
import type { EjectionReport } from '@gantry/core/protocol';
import { BalancerStats } from './balancer-stats.ts';
import { ejectionsSince, type SeenBackends } from './ejections.ts';

/** Timeout for a load balancer to apply its frontends, ms. */
const APPLY_MS = 10_000;

/** What a load balancer did since the last observation that the control plane has accepted. */
export interface Observation {
  /** Draining backends that have, or may have, connections. */
  readonly busy: readonly string[];
  readonly ejections: readonly EjectionReport[];
  /** The caller must call it once the control plane has accepted the observation. */
  readonly accept: () => void;
}

export interface AppliedFrontends {
  readonly statuses: readonly FrontendStatus[];
  /** Whether the load balancer has taken over the frontends; a port on which it cannot listen does not count. */
  readonly isComplete: boolean;
}

/** One load balancer with the frontends it was given. It may fail or hang: each call ends in time, without an error. */
export class BalancerHandle {
  readonly #balancer: LoadBalancer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stats: BalancerStats;
  #frontends: readonly Frontend[] = [];
  #applying: Promise<readonly FrontendStatus[]> | undefined;
  /** Ejections that the control plane knows. */
  #seen: SeenBackends = new Map();

  constructor(balancer: LoadBalancer, clock: Clock, logger: Logger) {
    this.#balancer = balancer;
    this.#clock = clock;
    this.#logger = logger;
    this.#stats = new BalancerStats(balancer, clock, logger);
  }

  get name(): string {
    return this.#balancer.name;
  }

  get supports(): LoadBalancer['supports'] {
    return this.#balancer.supports;
  }

  /** Calls back when a draining backend has no connection left; returns a function that ends this. */
  onDrained(callback: () => void): () => void {
    return this.#balancer.onDrained(callback);
  }

  async apply(frontends: readonly Frontend[]): Promise<AppliedFrontends> {
    this.#frontends = frontends;
    try {
      if (this.#applying !== undefined)
        throw new GantryError('TIMEOUT', 'an earlier call of apply() has not returned');
      this.#applying = this.#call(frontends);
      return { statuses: await this.#inTime(this.#applying), isComplete: true };
    } catch (error) {
      const known = toGantryError(error);
      const message = `load balancer ${this.name}: ${known.message}`;
      this.#logger.warn('failed to apply frontends', { balancer: this.name, error: known });
      const statuses = frontends.map(({ id, address, port }) => ({
        id,
        address,
        port,
        error: { code: known.code, message },
      }));
      return { statuses, isComplete: false };
    }
  }

  async observe(): Promise<Observation> {
    const ejects = this.#balancer.supports.ejection === true;
    const draining = this.#drainingBackends();
    if (!ejects && draining.length === 0) return { busy: [], ejections: [], accept: () => undefined };
    const stats = await this.#stats.read();
    if (stats === undefined) return { busy: draining, ejections: [], accept: () => undefined };
    const { reports, seen } = ejectionsSince(this.#seen, ejects ? stats : []);
    return {
      busy: busyBackends(stats),
      ejections: reports,
      accept: () => {
        this.#seen = seen;
      },
    };
  }

  /** They may still have connections if nothing else is known; their tasks wait for `drainMs` at most. */
  #drainingBackends(): string[] {
    const backends = this.#frontends.flatMap((frontend) => frontend.backends);
    return [...new Set(backends.filter(({ state }) => state === 'draining').map(({ id }) => id))];
  }

  async #call(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
    try {
      return await this.#balancer.apply(frontends);
    } finally {
      this.#applying = undefined;
    }
  }

  async #inTime(call: Promise<readonly FrontendStatus[]>): Promise<readonly FrontendStatus[]> {
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(APPLY_MS, () =>
        reject(new GantryError('TIMEOUT', `apply() took longer than ${APPLY_MS} ms`)),
      );
    });
    try {
      return await Promise.race([call, late]);
    } finally {
      cancel();
    }
  }
}

function busyBackends(stats: readonly BackendStats[]): string[] {
  return stats
    .filter(({ state, active }) => state === 'draining' && active > 0)
    .map(({ backend }) => backend);
}
