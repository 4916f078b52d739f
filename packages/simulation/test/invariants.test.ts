import type { Task, Template } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import {
  type Invariant,
  nodesKeepTheirPromises,
  nothingRunsUnknown,
  SimulatedCluster,
  servicesSettle,
  slotsHaveOneTask,
  tasksMoveForward,
} from '../src/index.ts';

const ALL = Object.entries({
  nodesKeepTheirPromises,
  nothingRunsUnknown,
  servicesSettle,
  slotsHaveOneTask,
  tasksMoveForward,
});

/** A settled cluster with one task, whose stored objects are then falsified, with no component left to correct them. */
async function falsified(falsify: (cluster: SimulatedCluster, task: Task) => Promise<void> | void) {
  await using cluster = new SimulatedCluster();
  const checks = ALL.map(
    ([name, invariant]: readonly [string, Invariant]) => [name, invariant(cluster)] as const,
  );
  await cluster.startControlPlane();
  cluster.startMachine('node-1', { capacity: { cpu: 1000, memory: 2 ** 30 } });
  await cluster.clock.advance(1000);
  await cluster.api.apply({
    kind: 'service',
    meta: { name: 'web' },
    spec: { template: { image: 'web:1', resources: { requests: { cpu: 600 } } } },
  });
  await cluster.clock.advance(60_000);
  await cluster.crashControlPlane();
  await cluster.crashAgent('node-1');
  const [task] = await cluster.tasks();
  await falsify(cluster, task as Task);
  await cluster.clock.advance(0);
  const found: Record<string, readonly string[]> = {};
  for (const [name, check] of checks) {
    const problems = await check();
    if (problems.length > 0) found[name] = problems;
  }
  return found;
}

const write = async ({ store }: SimulatedCluster, key: string, value: unknown): Promise<void> => {
  await store.commit([{ key, value: value as never }]);
};
const put = (cluster: SimulatedCluster, task: Task): Promise<void> =>
  write(cluster, `tasks/${task.meta.name}`, task);
const named = (task: Task, name: string, spec: Partial<Task['spec']> = {}): Task => ({
  ...task,
  meta: { ...task.meta, name, uid: name },
  spec: { ...task.spec, ...spec },
});

describe('the invariants', () => {
  test('hold for a settled cluster', async () => {
    expect(await falsified(() => undefined)).toEqual({});
  });

  test('a task that moves back, or to another node, is found', async () => {
    const back = await falsified((cluster, task) =>
      put(cluster, { ...task, status: { ...task.status, state: 'assigned' } }),
    );
    expect(back.tasksMoveForward?.join()).toMatch(/went from running to assigned/);
    const moved = await falsified((cluster, task) =>
      put(cluster, { ...task, spec: { ...task.spec, node: 'node-2' } }),
    );
    expect(moved.tasksMoveForward?.join()).toMatch(/moved from node-1 to node-2/);
  });

  test('a task that is called back is found', async () => {
    const found = await falsified(async (cluster, task) => {
      await put(cluster, { ...task, spec: { ...task.spec, desired: 'shutdown' } });
      await put(cluster, task);
    });
    expect(found.tasksMoveForward?.join()).toMatch(/was called back/);
  });

  test('a task that serves, stopped for one that cannot become ready, is found', async () => {
    const found = await falsified(async (cluster, task) => {
      const { entries } = await cluster.store.list('templates/');
      const [{ meta, spec }] = entries.map(({ value }) => value as unknown as Template) as [Template];
      await write(cluster, 'templates/bad', {
        kind: 'template',
        meta: { ...meta, name: 'bad' },
        spec: { ...spec, labels: { 'fake/pull': 'missing' } },
      });
      await put(cluster, {
        ...named(task, 'web.1.new', { template: 'bad', attempt: 2 }),
        status: { ...task.status, state: 'preparing', ready: false },
      });
      await put(cluster, {
        ...task,
        spec: { ...task.spec, desired: 'shutdown' },
        status: { ...task.status, message: 'it was replaced' },
      });
    });
    expect(found.tasksMoveForward?.join()).toMatch(/which cannot become ready/);
  });

  test('a second task in a slot, more than a node has, and a task without a workload are found', async () => {
    const found = await falsified((cluster, task) => put(cluster, named(task, 'web.1.twin', { attempt: 2 })));
    expect(Object.keys(found).sort()).toEqual([
      'nodesKeepTheirPromises',
      'nothingRunsUnknown',
      'servicesSettle',
      'slotsHaveOneTask',
    ]);
    expect(found.slotsHaveOneTask?.join()).toMatch(/two ready tasks that are the same/);
    expect(found.nodesKeepTheirPromises).toEqual(['node-1 is promised 1200 of 1000 millicores']);
    expect(found.nothingRunsUnknown).toEqual(['web.1.twin is said to run and does not']);
  });

  test('a workload without a task is found', async () => {
    const found = await falsified(async ({ store }, task) => {
      await store.commit([{ key: `tasks/${task.meta.name}`, value: undefined }]);
    });
    expect(found.nothingRunsUnknown?.join()).toMatch(/runs on node-1 unknown to all/);
    expect(found.servicesSettle?.join()).toMatch(/0 ready and 0 waiting of 1/);
  });

  test('a task that is not ready for no reason is found', async () => {
    const found = await falsified(async (cluster, task) => {
      const { reason: _r, message: _m, ...status } = task.status;
      await put(cluster, { ...task, status: { ...status, state: 'starting', ready: false } });
      await cluster.clock.advance(10_000);
    });
    expect(found.servicesSettle?.join()).toMatch(/is starting for no reason/);
  });
});
