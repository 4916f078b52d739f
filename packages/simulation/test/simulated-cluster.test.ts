import { contracts, isGantryError, provide, type Scheduler } from '@gantry/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimulatedCluster, type SimulationOptions } from '../src/index.ts';

const web = (replicas = 2, image = 'web:1') => ({
  kind: 'service' as const,
  meta: { name: 'web' },
  spec: { replicas, template: { image, drainMs: 0 } },
});

async function started(options: SimulationOptions = {}): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster(options);
  await cluster.startControlPlane();
  for (const name of ['node-1', 'node-2']) cluster.startMachine(name);
  await cluster.clock.advance(1000);
  return cluster;
}

describe('a simulated cluster', () => {
  let cluster: SimulatedCluster;

  beforeEach(async () => {
    cluster = await started();
    await cluster.api.apply(web());
    await cluster.clock.advance(10_000);
  });

  afterEach(() => cluster[Symbol.asyncDispose]());

  test('runs applied services on its machines', () => {
    expect([...cluster.running('node-1'), ...cluster.running('node-2')]).toHaveLength(2);
  });

  test('moves the tasks of a machine that is lost', async () => {
    await cluster.loseMachine('node-1');
    expect(cluster.running('node-1')).toEqual([]);
    await cluster.clock.advance(60_000);
    expect(cluster.running('node-2')).toHaveLength(2);
  });

  test('workloads outlive their agent, and the next agent adopts them', async () => {
    const before = cluster.running('node-1');
    await cluster.crashAgent('node-1');
    expect(cluster.isUp('node-1')).toBe(false);
    cluster.startMachine('node-1');
    await cluster.clock.advance(30_000);
    expect(cluster.isUp('node-1')).toBe(true);
    expect(cluster.running('node-1')).toEqual(before);
  });

  test('tasks run on without a control plane and the API is UNAVAILABLE', async () => {
    await cluster.crashControlPlane();
    await cluster.clock.advance(60_000);
    expect(cluster.running('node-1')).toHaveLength(1);
    expect(() => cluster.api).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    await cluster.startControlPlane();
    await cluster.clock.advance(10_000);
    expect((await cluster.api.get('service', 'web')).status.ready).toBe(2);
  });

  test('a task that crashes is restarted', async () => {
    const [task = ''] = cluster.running('node-1');
    cluster.crashTask('node-1', task);
    expect(cluster.running('node-1')).toEqual([]);
    await cluster.clock.advance(10_000);
    expect([...cluster.running('node-1'), ...cluster.running('node-2')]).toHaveLength(2);
  });

  test('a machine that was cut off is down, and takes its tasks back or stops them when it returns', async () => {
    cluster.link('node-1').state = 'cut';
    await cluster.clock.advance(30_000);
    expect((await cluster.api.get('node', 'node-1')).status.state).toBe('down');
    expect(cluster.running('node-2')).toHaveLength(2);
    cluster.link('node-1').state = 'up';
    await cluster.clock.advance(60_000);
    expect([...cluster.running('node-1'), ...cluster.running('node-2')]).toHaveLength(2);
  });

  test('is closed once, and its signal fires', async () => {
    await cluster[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
    expect(cluster.closing.aborted).toBe(true);
    expect(cluster.clock.pending).toBe(0);
  });

  test('an unknown machine is NOT_FOUND', () => {
    expect(() => cluster.link('node-9')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});

test('a scheduler among the plugins takes the place of the bundled one', async () => {
  const lazy: Scheduler = {
    name: 'lazy',
    place: ({ groups }) => ({
      groups: groups.map(({ tasks }) => ({
        nodes: tasks.map(() => 'node-2'),
        explanation: {
          scheduler: 'lazy',
          nodes: 2,
          feasible: 1,
          placed: tasks.length,
          unplaced: 0,
          filters: [],
          ranking: [],
          summary: 'always node-2',
        },
      })),
    }),
  };
  await using cluster = await started({ plugins: [provide(contracts.scheduler, lazy)] });
  await cluster.api.apply(web(3));
  await cluster.clock.advance(10_000);
  expect(cluster.running('node-2')).toHaveLength(3);
});

test('the same seed gives the same history', async () => {
  const history = async (seed: number) => {
    await using cluster = await started({ seed });
    await cluster.api.apply(web(5));
    await cluster.clock.advance(20_000);
    await cluster.loseMachine('node-1');
    await cluster.clock.advance(60_000);
    return JSON.stringify((await cluster.store.list('')).entries);
  };
  expect(await history(3)).toBe(await history(3));
  expect(await history(3)).not.toBe(await history(4));
});

test('links are machines’ own: a lost reply is a TIMEOUT', async () => {
  await using cluster = await started();
  cluster.controlLink.state = 'cut';
  const asked = cluster.controlLink
    .request('unanswered', {}, { timeoutMs: 500 })
    .catch((error: unknown) => error);
  await cluster.clock.advance(500);
  expect(isGantryError(await asked, 'TIMEOUT')).toBe(true);
});
