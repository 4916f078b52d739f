import { agent } from '@gantry/agent';
import { MemoryBus } from '@gantry/bus-memory';
import { type AnyToken, contracts, type Logger, type Plugin } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { isFinal, type Service, type ServiceInput, type Task } from '@gantry/core/model';
import { type Cluster, controllerRunner, createCluster, storeViews } from '@gantry/host';
import { FakeWorld, fakeNetwork, fakeRuntime } from '@gantry/runtime-fake';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { MemoryStore } from '@gantry/store-memory';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { afterEach } from 'vitest';
import { controlPlane } from '../../src/index.ts';

export function given(token: AnyToken, value: unknown, name = `given-${token.id}`): Plugin {
  return Object.freeze({ name, provides: token, needs: {}, create: () => value });
}

export interface FakeCluster {
  readonly clock: TestClock;
  readonly store: MemoryStore;
  readonly bus: MemoryBus;
  readonly world: FakeWorld;
  readonly cluster: Cluster;
  readonly api: ClusterApi;
  apply(name: string, spec?: SpecInput): Promise<Service>;
  tasksOf(service: string): Promise<readonly Task[]>;
  live(service: string): Promise<readonly Task[]>;
  close(): Promise<void>;
}

export type SpecInput = Omit<ServiceInput['spec'], 'template'> & {
  template?: Partial<ServiceInput['spec']['template']>;
};

export interface FakeClusterOptions {
  readonly nodes?: number;
  readonly runtime?: Parameters<typeof fakeRuntime>[0];
  readonly schedulers?: readonly Plugin[];
  readonly more?: readonly Plugin[];
  readonly logger?: Logger;
}

/** Makes the cluster of a test, and closes it when the test is over. To be called once in a file. */
export function clusterPerTest(): (options?: FakeClusterOptions) => Promise<FakeCluster> {
  let open: FakeCluster | undefined;
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });
  return async (options) => {
    open = await fakeCluster(options);
    return open;
  };
}

/** A whole cluster in virtual time: everything is real but machine, clock and chance. */
export async function fakeCluster(options: FakeClusterOptions = {}): Promise<FakeCluster> {
  const clock = new TestClock();
  const store = new MemoryStore();
  const bus = new MemoryBus(clock, silentLogger);
  const world = new FakeWorld();
  const cluster = await createCluster(
    [
      given(contracts.clock, clock),
      given(contracts.random, new SeededRandom(7)),
      given(contracts.logger, options.logger ?? silentLogger),
      given(contracts.store, store),
      given(contracts.bus, bus),
      storeViews(),
      ...(options.schedulers ?? [spreadScheduler()]),
      ...controlPlane(),
      controllerRunner(),
      fakeNetwork(),
      fakeRuntime({ capacity: { cpu: 1000, memory: 2 ** 30 }, world, ...options.runtime }),
      agent(),
      ...(options.more ?? []),
    ],
    { nodes: options.nodes ?? 2 },
  );
  const { api } = cluster;
  const tasksOf = async (service: string): Promise<readonly Task[]> =>
    (await api.list('task', { fields: `spec.service=${service}` })).items;
  return {
    clock,
    store,
    bus,
    world,
    cluster,
    api,
    tasksOf,
    live: async (service) => (await tasksOf(service)).filter(({ status }) => !isFinal(status.state)),
    async apply(name, { template, ...spec } = {}) {
      const input: ServiceInput = {
        kind: 'service',
        meta: { name },
        spec: { ...spec, template: { image: `${name}:1`, drainMs: 0, ...template } },
      };
      const applied = await api.apply(input);
      await clock.advance(1000);
      return applied;
    },
    async close() {
      const closing = cluster[Symbol.asyncDispose]();
      await clock.advance(60_000);
      await closing;
      world.clear();
    },
  };
}
