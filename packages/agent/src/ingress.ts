import {
  type Bus,
  type Clock,
  type Component,
  isGantryError,
  type LoadBalancer,
  type Logger,
  type MachineInfo,
  type Network,
  type Random,
  toGantryError,
} from '@gantry/core';
import type { Frontend, FrontendStatus } from '@gantry/core/contracts';
import { randomId } from '@gantry/core/primitives';
import { type IngressReply, type IngressRequest, messages, type Subjects } from '@gantry/core/protocol';
import { assignFrontends } from './assign-frontends.ts';
import { BalancerHandle } from './balancer-handle.ts';
import type { KeptFrontends } from './kept-frontends.ts';
import { NetworkCleanup } from './network-cleanup.ts';
import { Rests } from './rests.ts';

const CALL_MS = 5000;
const RETRY_MS = 100;
const MAX_RETRY_MS = 5000;
/** Interval of exchanges that nothing asked for: a heartbeat, and the remedy for lost hints. */
const RESYNC_MS = 5000;

export interface IngressParts {
  readonly machine: MachineInfo;
  readonly balancers: readonly LoadBalancer[];
  readonly network: Network;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly subjects: Subjects;
  /** Where the frontends are kept for the next program. */
  readonly kept?: KeptFrontends | undefined;
}

/** A version of the frontends, and the hub of the control plane that assigned it. */
interface Version {
  readonly hub: string | undefined;
  readonly version: number;
}

const NO_VERSION: Version = Object.freeze({ hub: undefined, version: 0 });

/**
 * Keeps the load balancers of a machine in step with the cluster: requests the frontends, applies them, and reports their
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
  readonly #balancers: readonly BalancerHandle[];
  readonly #networks: NetworkCleanup;
  /** The version that every load balancer has applied, and the hub it is from. */
  #applied: Version = NO_VERSION;
  /** The version of the frontends that are known. */
  #latest: Version = NO_VERSION;
  readonly #byService = new Map<string, readonly Frontend[]>();
  #statuses: readonly FrontendStatus[] = [];
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
    this.#balancers = parts.balancers.map(
      (balancer) => new BalancerHandle(balancer, parts.clock, parts.logger),
    );
    this.#networks = new NetworkCleanup(parts.network, parts.logger);
  }

  async start(): Promise<void> {
    const { bus, subjects } = this.#parts;
    this.#unsubscribe = [
      bus.subscribe(subjects.ingressHint, () => this.#kick()),
      bus.subscribe(subjects.leaderHint, () => {
        this.#rests.hurry();
        this.#kick();
      }),
      ...this.#balancers.map((balancer) => balancer.onDrained(() => this.#kick())),
    ];
    await this.#serveKept();
    this.#loop = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
    if (this.#latest !== NO_VERSION) await this.#parts.kept?.save(this.#frontends);
    await this.#networks.idle();
  }

  /** Serves the ports of the last program until the control plane says which there are now. */
  async #serveKept(): Promise<void> {
    const { kept, logger } = this.#parts;
    const frontends = (await kept?.read(this.#address)) ?? [];
    if (frontends.length === 0) return;
    logger.info('serving the ports of the last program', { frontends: frontends.length });
    const { byBalancer } = assignFrontends(frontends, this.#balancers);
    await Promise.all(this.#balancers.map((each) => each.apply(byBalancer.get(each.name) ?? [])));
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
          await this.#apply();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT')) {
          logger.warn('failed to exchange frontends with the control plane', { error: toGantryError(error) });
        }
        this.#due = false;
        await this.#rest(wait);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
  }

  get #frontends(): readonly Frontend[] {
    return [...this.#byService.values()].flat();
  }

  /** Whether the frontends have to be applied once more, for a port was taken or a load balancer failed. */
  get #hasFailed(): boolean {
    return this.#applied !== this.#latest || this.#statuses.some(({ error }) => error !== undefined);
  }

  /** One exchange; returns whether something was applied, which has to be confirmed by another exchange. */
  async #sync(): Promise<boolean> {
    const { bus, subjects, machine } = this.#parts;
    const observations = await Promise.all(this.#balancers.map((balancer) => balancer.observe()));
    const ejections = observations.flatMap((each) => each.ejections);
    const request: IngressRequest = {
      session: this.#session,
      hub: this.#applied.hub,
      applied: this.#applied.version,
      statuses: this.#statuses,
      busy: observations.flatMap(({ busy }) => busy),
      ...(ejections.length > 0 && { ejections }),
    };
    const reply = messages.ingressReply(
      await bus.request(subjects.ingress(machine.name), request, {
        timeoutMs: CALL_MS,
        signal: this.#rests.during(this.#stop.signal),
      }),
    );
    for (const { accept } of observations) accept();
    if (reply.hub === this.#latest.hub && reply.version === this.#latest.version) {
      await this.#parts.kept?.save(this.#frontends);
      return false;
    }
    this.#learn(reply);
    await this.#apply();
    return this.#applied === this.#latest;
  }

  #learn({ hub, version, full, changed, networks }: IngressReply): void {
    if (full) this.#byService.clear();
    for (const [service, frontends] of Object.entries(changed)) {
      if (frontends.length === 0) this.#byService.delete(service);
      else
        this.#byService.set(
          service,
          frontends.map((frontend) => ({ ...frontend, address: this.#address })),
        );
    }
    this.#latest = { hub, version };
    if (networks !== undefined) this.#networks.keep(new Set(networks));
  }

  /**
   * Applies what is known. A version counts as applied only if every load balancer has taken it over: one that has not may
   * still send to tasks that are about to be stopped.
   */
  async #apply(): Promise<void> {
    const latest = this.#latest;
    const { byBalancer, rejected } = assignFrontends(this.#frontends, this.#balancers);
    const results = await Promise.all(
      this.#balancers.map((balancer) => balancer.apply(byBalancer.get(balancer.name) ?? [])),
    );
    this.#statuses = [...results.flatMap(({ statuses }) => statuses), ...rejected];
    if (results.every(({ isComplete }) => isComplete)) this.#applied = latest;
  }

  async #rest(ms: number): Promise<void> {
    if (this.#due || this.#stop.signal.aborted) return;
    this.#wake = new AbortController();
    await this.#parts.clock.sleep(ms, this.#wake.signal).catch(() => undefined);
  }
}
