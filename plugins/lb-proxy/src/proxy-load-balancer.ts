import {
  type Clock,
  contracts,
  definePlugin,
  GantryError,
  type LoadBalancer,
  type Logger,
  type Random,
} from '@gantry/core';
import type { BackendStats, BalancePolicy, Frontend, FrontendStatus } from '@gantry/core/contracts';
import type { Protocol } from '@gantry/core/model';
import { defaultConnections, fileLimit } from '@gantry/system/file-limit';
import { ConnectionBudget } from './connection-budget.ts';
import { type CountedFrontend, Listener, type ListenerParts } from './listener.ts';
import { optionsSchema, type ProxyOptions, type Settings } from './options.ts';

/** Upper bound of the default maximum, however many files the process may open. */
const MAX_CONNECTIONS = 20_000;

const SUPPORTS = Object.freeze({
  protocols: Object.freeze<Protocol[]>(['tcp']),
  policies: Object.freeze<BalancePolicy[]>(['round-robin', 'least-connections', 'random-two']),
  ejection: true,
});

export interface ProxyNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Spreads TCP connections over backends, inside this process. */
export class ProxyLoadBalancer implements LoadBalancer {
  readonly name = 'lb-proxy';
  readonly supports: LoadBalancer['supports'] = SUPPORTS;
  readonly #parts: ListenerParts;
  readonly #logger: Logger;
  readonly #listeners = new Map<string, Listener>();
  readonly #callbacks = new Set<(backend: string) => void>();
  /** Draining backends whose completion was reported. */
  readonly #told = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Creates a load balancer without frontends. */
  constructor(needs: ProxyNeeds, options: ProxyOptions = {}) {
    const settings: Settings = optionsSchema.parse(options);
    this.#logger = needs.logger;
    const total = settings.connections ?? defaultConnections(fileLimit(), 4, MAX_CONNECTIONS);
    const budget = new ConnectionBudget(total, settings.connectionsPerFrontend ?? Math.ceil(total / 2));
    this.#parts = { ...needs, settings, budget, onIdle: (backend) => this.#checkDrained(backend) };
  }

  async apply(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
    this.#enter();
    const turn = this.#turn.then(() => this.#apply(frontends));
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  async list(): Promise<readonly FrontendStatus[]> {
    this.#enter();
    return [...this.#listeners.values()].map(({ status }) => status);
  }

  /** The frontends with the numbers of their clients' connections. */
  async frontendStats(): Promise<readonly CountedFrontend[]> {
    this.#enter();
    return [...this.#listeners.values()].map(({ counts }) => counts);
  }

  async stats(): Promise<readonly BackendStats[]> {
    this.#enter();
    const backends = [...this.#listeners.values()].flatMap((listener) => [...listener.backends.values()]);
    return backends.map((backend) => backend.stats());
  }

  onDrained(callback: (backend: string) => void): () => void {
    this.#enter();
    const entry = (backend: string): void => callback(backend);
    this.#callbacks.add(entry);
    return () => void this.#callbacks.delete(entry);
  }

  /** Closes every frontend and cuts its connections. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#callbacks.clear();
      const close = async (): Promise<void> => {
        await Promise.all([...this.#listeners.values()].map((listener) => listener.close()));
        this.#listeners.clear();
      };
      this.#turn = this.#turn.then(close);
    }
    await this.#turn;
  }

  async #apply(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
    this.#enter();
    const wanted = new Map(frontends.map((frontend) => [frontend.id, frontend]));
    const gone: Promise<void>[] = [];
    for (const [id, listener] of this.#listeners) {
      const frontend = wanted.get(id);
      if (frontend !== undefined && listener.fits(frontend)) continue;
      this.#listeners.delete(id);
      gone.push(listener.close());
    }
    await Promise.all(gone); // their ports may be wanted by others
    for (const frontend of wanted.values()) {
      const listener = this.#listeners.get(frontend.id) ?? new Listener(frontend, this.#parts);
      this.#listeners.set(frontend.id, listener);
      listener.update(frontend);
    }
    await Promise.all([...wanted.keys()].map((id) => this.#listeners.get(id)?.listen()));
    const draining = this.#draining();
    for (const backend of this.#told) if (!draining.has(backend)) this.#told.delete(backend);
    for (const backend of draining) this.#checkDrained(backend);
    return frontends.map(({ id }) => (this.#listeners.get(id) as Listener).status);
  }

  /** Backends that drain in at least one frontend. */
  #draining(): Set<string> {
    const draining = new Set<string>();
    for (const { backends } of this.#listeners.values()) {
      for (const { id, state } of backends.values()) if (state === 'draining') draining.add(id);
    }
    return draining;
  }

  /** A backend may belong to several frontends: it is drained when none has a connection left. */
  #checkDrained(id: string): void {
    const all = [...this.#listeners.values()].flatMap(({ backends }) => backends.get(id) ?? []);
    if (all.length === 0 || all.some(({ state, active }) => state !== 'draining' || active > 0)) return;
    if (this.#told.has(id)) return;
    this.#told.add(id);
    for (const callback of this.#callbacks) {
      try {
        callback(id);
      } catch (error) {
        this.#logger.error('lb-proxy: a callback of onDrained threw', { backend: id, error });
      }
    }
  }

  #enter(): void {
    if (this.#closed) throw new GantryError('CLOSED', 'lb-proxy: the load balancer is closed');
  }
}

/** Plugin: an in-process TCP proxy for `contracts.loadBalancer`. */
export const proxyLoadBalancer = definePlugin({
  name: 'lb-proxy',
  provides: contracts.loadBalancer,
  needs: { clock: contracts.clock, random: contracts.random, logger: contracts.logger },
  options: optionsSchema,
  create: (options, needs) => new ProxyLoadBalancer(needs, options),
});
