import { agent, type NodeAgent } from '@gantry/agent';
import { MemoryBus } from '@gantry/bus-memory';
import { type ControlPlaneOptions, controlPlane } from '@gantry/control';
import { contracts, GantryError, type Plugin, provide } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { Resources, Task } from '@gantry/core/model';
import {
  type Cluster,
  type ClusterMember,
  controllerRunner,
  createCluster,
  joinCluster,
  storeViews,
} from '@gantry/host';
import { FakeWorld, fakeNetwork, fakeRuntime } from '@gantry/runtime-fake';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { MemoryStore } from '@gantry/store-memory';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { lent } from './lent.ts';
import { Link } from './link.ts';

export interface SimulationOptions {
  /** Everything random is a function of it. Default 1. */
  readonly seed?: number;
  /** Further plugins of the control plane, such as kinds and controllers; a scheduler takes the place of `spread`. */
  readonly plugins?: readonly Plugin[];
  readonly controlPlane?: ControlPlaneOptions;
  /** How tasks live, on every machine. Default: starts take 300 ms, stops 200 ms, both varied by half. */
  readonly runtime?: Omit<NonNullable<Parameters<typeof fakeRuntime>[0]>, 'world' | 'capacity'>;
}

export interface MachineOptions {
  readonly labels?: Readonly<Record<string, string>>;
  /** What it offers. Default: 1 core, 1 GiB. */
  readonly capacity?: Resources;
}

const CAPACITY: Resources = Object.freeze({ cpu: 1000, memory: 2 ** 30 });
const LIFE = Object.freeze({ startDelayMs: 300, stopDelayMs: 200, jitter: 0.5 });
const CLUSTER = 'sim';
/** How long an agent waits for a control plane, ms. */
const PATIENCE_MS = 3_600_000;

interface Machine {
  readonly link: Link;
  readonly options: MachineOptions;
  cluster: ClusterMember | undefined;
  /** Ends a start that is under way. */
  stop: AbortController;
}

/**
 * A whole cluster in virtual time: time passes only in `clock.advance`, and the same seed and calls give the same
 * history. The control plane and each machine are composed separately and communicate only over the bus, so that each
 * can crash alone; the store, and the workloads on the machines, outlive them.
 */
export class SimulatedCluster {
  readonly seed: number;
  readonly clock = new TestClock();
  readonly random: SeededRandom;
  readonly store = new MemoryStore();
  /** What really runs. */
  readonly world = new FakeWorld();
  /** The way of the control plane to the bus. */
  readonly controlLink: Link;
  readonly #bus: MemoryBus;
  readonly #options: SimulationOptions;
  readonly #machines = new Map<string, Machine>();
  readonly #closing = new AbortController();
  #control: Cluster | undefined;

  constructor(options: SimulationOptions = {}) {
    this.seed = options.seed ?? 1;
    this.#options = options;
    this.random = new SeededRandom(this.seed);
    this.#bus = new MemoryBus(this.clock, silentLogger);
    this.controlLink = new Link(this.#bus, this.clock);
  }

  /** Fires when the cluster is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Whether the control plane is there. */
  get isControlled(): boolean {
    return this.#control !== undefined;
  }

  /** @throws `UNAVAILABLE` while the control plane is down. */
  get api(): ClusterApi {
    if (this.#control === undefined) throw new GantryError('UNAVAILABLE', 'the control plane is down');
    return this.#control.api;
  }

  /** Has no effect if the control plane is running. */
  async startControlPlane(): Promise<void> {
    if (this.#control !== undefined) return;
    const { plugins = [], controlPlane: options } = this.#options;
    const schedules = plugins.some(({ provides }) => provides === contracts.scheduler);
    this.#control = await createCluster(
      [
        ...this.#base(),
        provide(contracts.store, lent(this.store)),
        provide(contracts.bus, this.controlLink),
        storeViews(),
        ...(schedules ? [] : [spreadScheduler()]),
        ...plugins,
        ...controlPlane(options),
        controllerRunner(),
      ],
      { name: CLUSTER, nodes: 0 },
    );
  }

  /** Stops the control plane immediately; only the store remembers. */
  async crashControlPlane(): Promise<void> {
    const control = this.#control;
    this.#control = undefined;
    await control?.[Symbol.asyncDispose]();
  }

  /**
   * Starts the agent of a machine: of a new one, or of one that crashed, which keeps the options it had. It may take until
   * the control plane answers.
   */
  startMachine(name: string, options: MachineOptions = {}): void {
    const known = this.#machines.get(name);
    const stop = new AbortController();
    const machine: Machine = known ?? {
      link: new Link(this.#bus, this.clock),
      options,
      cluster: undefined,
      stop,
    };
    machine.stop = stop;
    this.#machines.set(name, machine);
    const { labels = {}, capacity = CAPACITY } = machine.options;
    const plugins = [
      ...this.#base(),
      provide(contracts.bus, machine.link),
      fakeNetwork(),
      fakeRuntime({ ...LIFE, ...this.#options.runtime, world: this.world, capacity: { ...capacity } }),
      agent({ onClose: 'leave' }),
    ];
    joinCluster(plugins, {
      name: CLUSTER,
      machine: { name },
      nodes: [{ name, labels: { ...labels } }],
      startTimeoutMs: PATIENCE_MS,
      signal: stop.signal,
    }).then(
      async (cluster) => {
        if (machine.stop !== stop || stop.signal.aborted) return cluster[Symbol.asyncDispose]();
        machine.cluster = cluster;
      },
      () => undefined, // it crashed while it was starting
    );
  }

  /** Only the agent crashes: the tasks on the machine keep running. */
  async crashAgent(name: string): Promise<void> {
    const machine = this.#machine(name);
    machine.stop.abort();
    const { cluster } = machine;
    machine.cluster = undefined;
    if (cluster === undefined) return;
    (cluster.get(contracts.agent, name) as NodeAgent).abandon();
    await cluster[Symbol.asyncDispose]();
  }

  /** The machine loses its power, with everything on it. */
  async loseMachine(name: string): Promise<void> {
    await this.crashAgent(name);
    this.world.lose(name);
  }

  /** Whether the agent of a machine has started. */
  isUp(name: string): boolean {
    return this.#machines.get(name)?.cluster !== undefined;
  }

  /** Names of all machines there have been. */
  get machines(): readonly string[] {
    return [...this.#machines.keys()];
  }

  /** A machine's way to the bus. @throws `NOT_FOUND` for one that was never started. */
  link(name: string): Link {
    return this.#machine(name).link;
  }

  /** What a machine offers. @throws `NOT_FOUND` for one that was never started. */
  capacity(name: string): Resources {
    return this.#machine(name).options.capacity ?? CAPACITY;
  }

  /** Ids of the tasks that actually run on a machine, whether or not the cluster knows them. */
  running(name: string): readonly string[] {
    return this.world.running(name);
  }

  /** A task ends by SIGSEGV; without effect on one that does not run. */
  crashTask(machine: string, task: string): void {
    this.world.crash(machine, task, this.clock);
  }

  /** All tasks that are stored. */
  async tasks(): Promise<readonly Task[]> {
    return (await this.store.list('tasks/')).entries.map(({ value }) => value as unknown as Task);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    for (const name of this.machines) await this.crashAgent(name);
    await this.crashControlPlane();
    this.#closing.abort();
    this.world.clear();
    await this.#bus[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new GantryError('NOT_FOUND', `machine "${name}" not found`);
    return machine;
  }

  #base(): Plugin[] {
    return [
      provide(contracts.clock, this.clock),
      provide(contracts.random, this.random),
      provide(contracts.logger, silentLogger),
    ];
  }
}
