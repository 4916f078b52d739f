import { idOf } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { clusterPerTest, type SpecInput } from './support/cluster.ts';

const make = clusterPerTest();

const on = (service: string, condition: 'started' | 'healthy' | 'completed') => ({
  dependsOn: [{ service, condition }],
});

describe('a service that depends on another', () => {
  test('waits until that service is healthy, says so, and continues automatically', async () => {
    const { apply, live, api, clock } = await make({ runtime: { startDelayMs: 5000 } });
    await apply('db');
    await apply('web', on('db', 'healthy'));
    expect(await live('web')).toEqual([]);
    expect((await api.get('service', 'web')).status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Available',
        status: 'false',
        reason: 'WaitsForDependency',
        message: 'service db is not healthy yet',
      }),
    );
    await clock.advance(20_000);
    expect((await live('web')).map(({ status }) => status.state)).toEqual(['running']);
  });

  test('waits until each slot of that service has succeeded', async () => {
    const { apply, live, clock } = await make();
    const once = { restart: { condition: 'none' as const }, replicas: 2 };
    await apply('migrate', {
      ...once,
      template: { labels: { 'fake/exit-after-ms': '5000', 'fake/exit-code': '0' } },
    });
    await apply('web', on('migrate', 'completed'));
    expect(await live('web')).toEqual([]);
    await clock.advance(10_000);
    expect(await live('web')).toHaveLength(1);
  });

  test('keeps waiting for a service that has failed', async () => {
    const { apply, live, clock } = await make();
    const labels = { 'fake/exit-after-ms': '100', 'fake/exit-code': '1' };
    await apply('migrate', { restart: { condition: 'none' }, template: { labels } });
    await apply('web', on('migrate', 'completed'));
    await clock.advance(60_000);
    expect(await live('web')).toEqual([]);
  });

  test('is not stopped when the other one goes down later', async () => {
    const { apply, live, api, clock } = await make();
    await apply('db');
    await apply('web', on('db', 'started'));
    await api.scale('db', 0);
    await clock.advance(10_000);
    expect(await live('db')).toEqual([]);
    expect(await live('web')).toHaveLength(1);
  });

  test('can still be changed when the other one is gone', async () => {
    const { apply, api, clock } = await make();
    await apply('db');
    await apply('web', on('db', 'started'));
    await api.delete('service', 'db');
    await clock.advance(20_000);
    await api.patch('service', 'web', { spec: { paused: true } });
    await api.scale('web', 3);
    expect((await api.get('service', 'web')).spec).toMatchObject({ paused: true, replicas: 3 });
    await expect(apply('other', on('db', 'started'))).rejects.toMatchObject({ code: 'INVALID_OBJECT' });
  });

  test('a cycle and an unknown service are rejected', async () => {
    const { apply } = await make();
    await expect(apply('web', on('db', 'started'))).rejects.toMatchObject({
      issues: [{ path: 'spec.dependsOn[0].service', message: 'service "db" not found' }],
    });
    await apply('db');
    await apply('web', on('db', 'started'));
    await expect(apply('db', on('web', 'started'))).rejects.toMatchObject({
      issues: [{ message: 'depends on itself: db → web → db' }],
    });
  });
});

describe('taints', () => {
  const taint = (effect: 'NoSchedule' | 'NoExecute') => ({
    spec: { taints: [{ key: 'gpu', value: 'yes', effect }] },
  });

  test('NoSchedule keeps new tasks away and leaves the others', async () => {
    const { apply, live, api, clock } = await make();
    await apply('old', { replicas: 2 });
    await api.patch('node', 'node-1', taint('NoSchedule'));
    await apply('new', { replicas: 4 });
    expect(new Set((await live('new')).map(({ spec }) => spec.node))).toEqual(new Set(['node-2']));
    await clock.advance(10_000);
    expect((await live('old')).map(({ spec }) => spec.node).toSorted()).toEqual(['node-1', 'node-2']);
  });

  test('NoExecute moves those that run there, unless they tolerate it', async () => {
    const { apply, live, api, clock } = await make();
    await apply('moves', { replicas: 2 });
    await apply('stays', { replicas: 2, placement: { tolerations: [{ key: 'gpu' }] } });
    await apply('everywhere', { mode: 'global' });
    await api.patch('node', 'node-1', taint('NoExecute'));
    await clock.advance(20_000);
    const nodesOf = async (service: string) => new Set((await live(service)).map(({ spec }) => spec.node));
    expect(await nodesOf('moves')).toEqual(new Set(['node-2']));
    expect(await nodesOf('stays')).toEqual(new Set(['node-1', 'node-2']));
    expect(await nodesOf('everywhere')).toEqual(new Set(['node-2']));
  });

  test('a task that no node accepts says which taint, and what would help', async () => {
    const { apply, api } = await make();
    for (const node of ['node-1', 'node-2']) await api.patch('node', node, taint('NoSchedule'));
    await apply('web');
    const { placement } = await api.explain('service', 'web');
    expect(placement?.filters[0]).toMatchObject({
      code: 'TaintNotTolerated',
      rejected: 2,
      message: expect.stringContaining('has the taint gpu=yes:NoSchedule'),
      remedy: expect.stringContaining('tolerate gpu'),
    });
  });
});

test('a paused service takes no new template until it is resumed', async () => {
  const { apply, live, api, clock } = await make();
  await apply('web', { replicas: 2 });
  await api.patch('service', 'web', { spec: { paused: true, template: { image: 'web:2' } } });
  await clock.advance(30_000);
  const { status } = await api.get('service', 'web');
  expect(status.conditions).toContainEqual(
    expect.objectContaining({ type: 'Updated', status: 'false', reason: 'Paused' }),
  );
  expect(new Set((await live('web')).map(({ spec }) => spec.attempt))).toEqual(new Set([1]));
  await api.patch('service', 'web', { spec: { paused: false } });
  await clock.advance(30_000);
  expect((await live('web')).every(({ spec }) => spec.attempt === 2)).toBe(true);
  expect((await api.get('service', 'web')).status.update?.state).toBe('completed');
});

describe('a plan', () => {
  const service = (name: string, replicas: number, cpu: number) => ({
    kind: 'service' as const,
    meta: { name },
    spec: { replicas, template: { image: `${name}:1`, drainMs: 0, resources: { requests: { cpu } } } },
  });

  test('says where each new task would go, all services together, and changes nothing', async () => {
    const { api, store } = await make();
    const before = await store.list('services/');
    const plan = await api.plan([service('a', 2, 600), service('b', 3, 300)]);
    expect(
      plan.map(({ service: id, change, nodes, unplaced }) => ({ id, change, nodes: nodes.length, unplaced })),
    ).toEqual([
      { id: 'a', change: 'create', nodes: 2, unplaced: 0 },
      { id: 'b', change: 'create', nodes: 2, unplaced: 1 },
    ]);
    expect(plan[1]?.placement?.filters[0]?.code).toBe('InsufficientCpu');
    expect(await store.list('services/')).toEqual(before);
  });

  test('lists the tasks that stay, are replaced and are stopped', async () => {
    const { api, clock } = await make();
    await api.applyAll([service('a', 2, 10), service('b', 2, 10), service('c', 3, 10)]);
    await clock.advance(2000);
    const changed = service('b', 2, 20);
    const plan = await api.plan([service('a', 2, 10), changed, service('c', 1, 10)]);
    expect(
      plan.map(({ change, keep, replace, stop, nodes }) => [change, keep, replace, stop, nodes.length]),
    ).toEqual([
      ['unchanged', 2, 0, 0, 0],
      ['update', 0, 2, 0, 2],
      ['update', 1, 0, 2, 0],
    ]);
  });
});

test('stats return the usage of the running tasks of each node, and omit nodes that do not answer', async () => {
  const { apply, api, cluster, live } = await make();
  await apply('web', { replicas: 4 });
  expect((await api.stats()).map(({ task }) => task).toSorted()).toEqual(
    (await live('web')).map(({ meta }) => idOf(meta)).toSorted(),
  );
  expect((await api.stats({ node: 'node-1' })).every(({ node }) => node === 'node-1')).toBe(true);
  await cluster.removeNode('node-1');
  expect(new Set((await api.stats()).map(({ node }) => node))).toEqual(new Set(['node-2']));
  await expect(api.stats({ node: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('previous logs are those of the previous attempt in the same slot', async () => {
  const { apply, api, clock } = await make();
  await apply('web', { replicas: 2, template: { labels: { 'fake/print': 'one' } } });
  const previous = async (of: { service: string } | { task: string }) => {
    const texts: string[] = [];
    for await (const lines of api.logs(of, { previous: true })) texts.push(...lines.map(({ text }) => text));
    return texts;
  };
  expect(await previous({ service: 'web' })).toEqual([]);
  await api.patch('service', 'web', { spec: { template: { labels: { 'fake/print': 'two' } } } });
  await clock.advance(20_000);
  expect(await previous({ service: 'web' })).toEqual(['one', 'one']);
  const [task] = (await api.list('task', { fields: 'status.state=running' })).items;
  expect(await previous({ task: task?.meta.name ?? '' })).toEqual(['one']);
});

describe('an update of a service with a startup check', () => {
  const check = (retries: number) => ({ exec: { command: ['well'] }, intervalMs: 10_000, retries });
  const web = (readyAfterMs: number): SpecInput => ({
    update: { monitorMs: 1000, failureAction: 'rollback' },
    template: {
      labels: { 'fake/ready-after-ms': String(readyAfterMs) },
      healthChecks: { startup: check(9), readiness: check(3) },
    },
  });

  test('gives it the time that the check gives it', async () => {
    const { apply, api, clock } = await make();
    await apply('web', web(0));
    await clock.advance(5000);
    await apply('web', web(60_000));
    await clock.advance(50_000);
    expect((await api.get('service', 'web')).status.update?.state).toBe('updating');
    await clock.advance(30_000);
    expect((await api.get('service', 'web')).status).toMatchObject({
      update: { state: 'completed' },
      ready: 1,
    });
  });

  test('counts a task that never got through it as failed, however long that took', async () => {
    const { apply, api, live, clock } = await make();
    await apply('web', web(0));
    await clock.advance(5000);
    const [before] = await live('web');
    await apply('web', web(3_600_000));
    await clock.advance(120_000);
    expect((await api.get('service', 'web')).status.update).toMatchObject({
      state: 'rollback-completed',
      message: expect.stringContaining('startup check'),
    });
    expect(await live('web')).toEqual([before]);
  });
});
