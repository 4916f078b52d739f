import { agent } from '@gantry/agent';
import { MemoryBus } from '@gantry/bus-memory';
import { controlPlane } from '@gantry/control';
import {
  type Agent,
  type AnyToken,
  type ClusterApi,
  contracts,
  definePlugin,
  type Plugin,
  type Store,
  type Task,
} from '@gantry/core';
import { type Cluster, controllerRunner, createCluster, storeViews } from '@gantry/host';
import { FakeWorld, fakeNetwork, fakeRuntime } from '@gantry/runtime-fake';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { MemoryStore } from '@gantry/store-memory';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { Link } from './link.ts';

export const NODE_CAPACITY = { cpu: 1000, memory: 2 ** 30 };

interface Machine {
  readonly link: Link;
  cluster: Cluster | undefined;
  agent: Agent | undefined;
  starting: Promise<void>;
  generation: number;
}

/** A value as a plugin, for parts that outlive one composition. */
function given(token: AnyToken, value: unknown): Plugin {
  return definePlugin({
    name: `given-${token.id}`,
    provides: token as never,
    create: () => value as never,
  })();
}

/**
 * A whole cluster in virtual time. The control plane and every machine are composed separately and meet only on the bus,
 * so that each can crash alone; the store and what runs on the machines outlive them.
 */
export class SimCluster {
  readonly clock = new TestClock();
  readonly random: SeededRandom;
  readonly store = new MemoryStore();
  readonly world = new FakeWorld();
  readonly machines = new Map<string, Machine>();
  readonly bus: MemoryBus;
  readonly controlLink: Link;
  control: Cluster | undefined;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.bus = new MemoryBus(this.clock, silentLogger);
    this.controlLink = new Link(this.bus, this.clock);
  }

  get api(): ClusterApi | undefined {
    return this.control?.api;
  }

  async startControl(): Promise<void> {
    this.control = await createCluster(
      [
        ...this.#base(),
        given(contracts.store, lent(this.store)),
        given(contracts.bus, this.controlLink),
        storeViews(),
        spreadScheduler(),
        ...controlPlane({ heartbeatMs: 2000, downAfterMs: 6000 }),
        controllerRunner(),
      ],
      { name: 'sim', nodes: 0 },
    );
  }

  /** Stops acting at once; only the store remembers. */
  async crashControl(): Promise<void> {
    const { control } = this;
    this.control = undefined;
    await control?.[Symbol.asyncDispose]();
  }

  /** Starts a machine's agent, a new machine's or one that crashed. It may take until the control plane answers. */
  startMachine(name: string): void {
    const known = this.machines.get(name);
    const machine: Machine = known ?? {
      link: new Link(this.bus, this.clock),
      cluster: undefined,
      agent: undefined,
      starting: Promise.resolve(),
      generation: 0,
    };
    this.machines.set(name, machine);
    const generation = ++machine.generation;
    const stop = new AbortController();
    const plugins = [
      ...this.#base(),
      given(contracts.bus, machine.link),
      fakeNetwork(),
      fakeRuntime({
        world: this.world,
        capacity: NODE_CAPACITY,
        startDelayMs: 300,
        stopDelayMs: 200,
        jitter: 0.5,
      }),
      agent({ onClose: 'leave' }),
    ];
    const starting = createCluster(plugins, {
      name: 'sim',
      nodes: [{ name, labels: { zone: `zone-${Number(name.slice(1)) % 2}` } }],
      startTimeoutMs: 3_600_000,
      signal: stop.signal,
    }).then(
      async (cluster) => {
        if (machine.generation !== generation) return cluster[Symbol.asyncDispose]();
        machine.cluster = cluster;
        machine.agent = cluster.get(contracts.agent, name);
      },
      () => undefined, // crashed while it was starting
    );
    machine.starting = starting;
    this.#abort.set(name, stop);
  }

  readonly #abort = new Map<string, AbortController>();

  /** The agent alone dies: what runs goes on running. */
  async crashAgent(name: string): Promise<void> {
    const machine = this.machines.get(name) as Machine;
    machine.generation++;
    this.#abort.get(name)?.abort();
    const { cluster } = machine;
    machine.cluster = undefined;
    (machine.agent as (Agent & { abandon(): void }) | undefined)?.abandon();
    machine.agent = undefined;
    await cluster?.[Symbol.asyncDispose]();
  }

  /** The machine loses its power, with everything on it. */
  async kill(name: string): Promise<void> {
    await this.crashAgent(name);
    this.world.lose(name);
  }

  isUp(name: string): boolean {
    return this.machines.get(name)?.cluster !== undefined;
  }

  async tasks(): Promise<readonly Task[]> {
    return (await this.store.list('tasks/')).entries.map(({ value }) => value as unknown as Task);
  }

  /** What really runs on a machine, whoever knows of it. */
  running(name: string): readonly string[] {
    return [...this.world.machine(name).workloads]
      .filter(([, { status }]) => status.state === 'running')
      .map(([task]) => task);
  }

  async close(): Promise<void> {
    for (const name of this.machines.keys()) await this.crashAgent(name);
    await this.crashControl();
    this.world.clear();
    await this.bus[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }

  #base(): Plugin[] {
    return [
      given(contracts.clock, this.clock),
      given(contracts.random, this.random),
      given(contracts.logger, silentLogger),
    ];
  }
}

/** The store for a composition that must not close it. */
function lent(store: Store): Store {
  return {
    supports: store.supports,
    get: (key, options) => store.get(key, options),
    list: (prefix, options) => store.list(prefix, options),
    commit: (changes, options) => store.commit(changes, options),
    watch: (prefix, options) => store.watch(prefix, options),
  };
}
