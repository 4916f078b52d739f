import {
  type BackendStats,
  type Bus,
  type Clock,
  type Component,
  type Frontend,
  type FrontendStatus,
  type IngressRequest,
  isGantryError,
  type LoadBalancer,
  type Logger,
  messages,
  type Network,
  type Random,
  randomId,
  type Subjects,
  toGantryError,
} from '@gantry/core';
import { BalancerStats } from './balancer-stats.ts';
import { ejectionsSince, type SeenBackends } from './ejections.ts';
import type { KeptFrontends } from './kept-frontends.ts';
import { NetworkCleanup } from './network-cleanup.ts';
import { Rests } from './rests.ts';

const CALL_MS = 5000;
const RETRY_MS = 100;
const MAX_RETRY_MS = 5000;
/** Sign of life, and remedy for lost hints. */
const RESYNC_MS = 5000;

export interface IngressParts {
  readonly loadBalancer: LoadBalancer;
  readonly network: Network;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly subjects: Subjects;
  /** Where the frontends are kept for the next program. */
  readonly kept?: KeptFrontends | undefined;
}

/**
 * Keeps one machine's load balancer in step with the cluster: requests the frontends, applies them, and reports their
 * status, which draining backends still have connections, and which backends were ejected. Removes networks that the
 * cluster no longer has.
 */
export class Ingress implements Component {
  readonly name = 'ingress';
  readonly #parts: IngressParts;
  readonly #address: string;
  readonly #session: string;
  readonly #stop = new AbortController();
  readonly #rests: Rests;
  readonly #stats: BalancerStats;
  readonly #networks: NetworkCleanup;
  #hub: string | undefined;
  #applied = 0;
  #draining = false;
  #frontends: readonly Frontend[] = [];
  #statuses: readonly FrontendStatus[] = [];
  /** Ejections that the control plane knows. */
  #seen: SeenBackends = new Map();
  #wake = new AbortController();
  #due = false;
  #loop: Promise<void> | undefined;
  #unsubscribe: (() => void)[] = [];

  /** `address`: where published ports listen. */
  constructor(parts: IngressParts, address: string) {
    this.#parts = parts;
    this.#address = address;
    this.#session = randomId(parts.random);
    this.#rests = new Rests(parts.clock);
    this.#stats = new BalancerStats(parts.loadBalancer, parts.clock, parts.logger);
    this.#networks = new NetworkCleanup(parts.network, parts.logger);
  }

  async start(): Promise<void> {
    const { bus, subjects, loadBalancer } = this.#parts;
    this.#unsubscribe = [
      bus.subscribe(subjects.ingressHint, () => this.#kick()),
      bus.subscribe(subjects.leaderHint, () => {
        this.#rests.hurry();
        this.#kick();
      }),
      loadBalancer.onDrained(() => this.#kick()),
    ];
    await this.#serveKept();
    this.#loop = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
    if (this.#hub !== undefined) await this.#parts.kept?.save(this.#frontends);
    await this.#networks.idle();
  }

  /** Serves the ports of the last program until the control plane says which there are now. */
  async #serveKept(): Promise<void> {
    const { kept, loadBalancer, logger } = this.#parts;
    const frontends = (await kept?.read(this.#address)) ?? [];
    if (frontends.length === 0) return;
    logger.info('serving the ports of before', { frontends: frontends.length });
    await loadBalancer.apply(frontends).catch((error: unknown) => {
      logger.warn('failed to serve the ports of the last program', { error: toGantryError(error) });
    });
  }

  #kick(): void {
    this.#due = true;
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    const { logger } = this.#parts;
    const { signal } = this.#stop;
    let wait = RETRY_MS;
    while (!signal.aborted) {
      this.#due = false;
      try {
        while (!signal.aborted && (await this.#sync())) wait = RETRY_MS;
        await this.#rest(this.#hasFailed ? wait : RESYNC_MS);
        if (this.#hasFailed && !this.#due && !signal.aborted) {
          wait = Math.min(MAX_RETRY_MS, wait * 2);
          await this.#applyAgain();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT')) {
          logger.warn('the load balancer could not be brought in step', { error: toGantryError(error) });
        }
        this.#due = false;
        await this.#rest(wait);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
  }

  get #hasFailed(): boolean {
    return this.#statuses.some(({ error }) => error !== undefined);
  }

  /** Tries once more to listen on ports that were taken, and reports what came of it with the next exchange. */
  async #applyAgain(): Promise<void> {
    this.#statuses = await this.#parts.loadBalancer.apply(this.#frontends);
  }

  /** One exchange; whether there was something to apply, which is then to be confirmed by another. */
  async #sync(): Promise<boolean> {
    const { bus, subjects, loadBalancer } = this.#parts;
    const ejects = loadBalancer.supports.ejection === true;
    const stats = ejects || this.#draining ? await this.#stats.read() : [];
    const { reports: ejections, seen } =
      stats === undefined
        ? { reports: [], seen: this.#seen }
        : ejectionsSince(this.#seen, ejects ? stats : []);
    const request: IngressRequest = {
      session: this.#session,
      hub: this.#hub,
      applied: this.#applied,
      statuses: this.#statuses,
      busy: stats === undefined ? this.#drainingBackends() : busyBackends(stats),
      ...(ejections.length > 0 && { ejections }),
    };
    const signal = this.#rests.during(this.#stop.signal);
    const reply = messages.ingressReply(
      await bus.request(subjects.ingress, request, {
        timeoutMs: CALL_MS,
        signal,
      }),
    );
    this.#seen = seen;
    if (reply.frontends === undefined) {
      await this.#parts.kept?.save(this.#frontends);
      return false;
    }
    const frontends = reply.frontends.map((frontend): Frontend => ({ ...frontend, address: this.#address }));
    this.#draining = frontends.some(({ backends }) => backends.some(({ state }) => state === 'draining'));
    this.#frontends = frontends;
    this.#statuses = await loadBalancer.apply(frontends);
    this.#applied = reply.version;
    this.#hub = reply.hub;
    if (reply.networks !== undefined) this.#networks.keep(new Set(reply.networks));
    return true;
  }

  /** Backends that may still have connections as far as is known; their tasks wait for `drainMs` at most. */
  #drainingBackends(): string[] {
    const backends = this.#frontends.flatMap((frontend) => frontend.backends);
    return [...new Set(backends.filter(({ state }) => state === 'draining').map(({ id }) => id))];
  }

  async #rest(ms: number): Promise<void> {
    if (this.#due || this.#stop.signal.aborted) return;
    this.#wake = new AbortController();
    await this.#parts.clock.sleep(ms, this.#wake.signal).catch(() => undefined);
  }
}

function busyBackends(stats: readonly BackendStats[]): string[] {
  return stats
    .filter(({ state, active }) => state === 'draining' && active > 0)
    .map(({ backend }) => backend);
}
