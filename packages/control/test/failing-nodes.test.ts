import { describe, expect, test } from 'vitest';
import { clusterPerTest } from './support/cluster.ts';

const make = clusterPerTest();

describe('a node on which tasks fail immediately', () => {
  const labels = { 'fake/exit-after-ms': '100', 'fake/exit-code': '7', 'fake/bad-nodes': 'node-1' };

  test('is avoided after two failures in a row, and the service reaches its count on the others', async () => {
    const { apply, api, tasksOf, clock } = await make({ nodes: 3 });
    await apply('web', { replicas: 6, template: { labels } });
    await clock.advance(3000);
    const { status } = await api.get('service', 'web');
    expect(status).toMatchObject({ ready: 6 });
    const tasks = await tasksOf('web');
    expect(new Set(tasks.filter(({ status: s }) => s.ready).map(({ spec }) => spec.node))).toEqual(
      new Set(['node-2', 'node-3']),
    );
    // Two slots were there at first; each got at most one more attempt there.
    expect(tasks.filter(({ spec }) => spec.node === 'node-1').length).toBeLessThanOrEqual(4);
  });

  test('is named by explain with the reason and the time, and tried again when that is over', async () => {
    const { apply, api, live, clock } = await make({ nodes: 3 });
    await apply('web', { replicas: 3, template: { labels } });
    await clock.advance(3000);
    const { notes } = await api.explain('service', 'web');
    expect(notes).toContainEqual(
      expect.stringMatching(
        /^node node-1 is avoided for \d+ s: 2 tasks failed there in a row, .*exit code 7/,
      ),
    );
    expect(new Set((await live('web')).map(({ spec }) => spec.node))).not.toContain('node-1');
    await clock.advance(120_000);
    expect((await api.explain('service', 'web')).notes.filter((note) => note.includes('avoided'))).toEqual(
      [],
    );
    await api.apply({
      kind: 'service',
      meta: { name: 'web' },
      spec: { replicas: 4, template: { image: 'web:1', drainMs: 0, labels } },
    });
    await clock.advance(50);
    const attempts = (await api.list('task', { fields: 'spec.service=web' })).items;
    expect(
      attempts.filter(({ spec, meta }) => spec.node === 'node-1' && meta.createdAt > clock.now() - 1000),
    ).toHaveLength(1);
  });

  test('still takes the task if it fits nowhere else', async () => {
    const { apply, tasksOf, clock } = await make({ nodes: 3 });
    await apply('web', { placement: { constraints: ['node.name == node-1'] }, template: { labels } });
    await clock.advance(20_000);
    const nodes = (await tasksOf('web')).map(({ spec }) => spec.node);
    expect(nodes.every((node) => node === undefined || node === 'node-1')).toBe(true);
    expect(nodes.length).toBeGreaterThan(1);
  });

  test('another template of the service is placed there as before', async () => {
    const { apply, live, clock } = await make({ nodes: 2 });
    await apply('web', { replicas: 2, template: { labels } });
    await clock.advance(3000);
    await apply('web', { replicas: 2, template: { image: 'web:2' } });
    await clock.advance(60_000);
    expect((await live('web')).map(({ spec }) => spec.node)).toContain('node-1');
  });
});

test('a node that rejects a task is avoided immediately', async () => {
  const { apply, api, tasksOf, clock } = await make({ nodes: 3 });
  const labels = { 'fake/fail-start': '1', 'fake/bad-nodes': 'node-2' };
  await apply('web', { replicas: 3, template: { labels } });
  await clock.advance(2000);
  expect((await api.get('service', 'web')).status.ready).toBe(3);
  expect((await tasksOf('web')).filter(({ spec }) => spec.node === 'node-2')).toHaveLength(1);
});

describe('an obstacle of a task', () => {
  test('a pull is reported while it lasts, and an event says when it is over', async () => {
    const { apply, api, clock } = await make();
    await apply('web', { template: { labels: { 'fake/pull-ms': '8000' } } });
    const [task] = (await api.list('task')).items;
    expect(task?.status).toMatchObject({
      state: 'preparing',
      reason: 'PullingImage',
      message: expect.stringMatching(/^pulling web:1: \d+ of 40 MB$/),
    });
    await clock.advance(10_000);
    const events = (await api.list('event')).items.map(({ spec }) => spec);
    expect(events).toContainEqual(
      expect.objectContaining({ reason: 'Pulled', regarding: { kind: 'task', name: task?.meta.name } }),
    );
  });

  test('a registry that does not answer is retried, with the time of the next attempt', async () => {
    const { apply, api, clock } = await make();
    await apply('web', { template: { labels: { 'fake/pull': 'unreachable', 'fake/pull-ms': '10' } } });
    await clock.advance(5000);
    const [task] = (await api.list('task')).items;
    expect(task?.status).toMatchObject({
      state: 'preparing',
      reason: 'ImagePullFailed',
      message: expect.stringContaining('the registry cannot be reached: connection refused'),
    });
    expect(task?.status.retryAt).toBeGreaterThan(clock.now());
    const { notes } = await api.explain('service', 'web');
    expect(notes).toContainEqual(expect.stringMatching(/\(ImagePullFailed\).*next attempt in \d+ s$/));
  });

  test('a crash says the exit code and the last line of output, and becomes a crash loop', async () => {
    const { apply, api, clock } = await make();
    const labels = { 'fake/exit-after-ms': '10', 'fake/exit-code': '3', 'fake/print-at-end': 'no database' };
    await apply('web', { template: { labels } });
    await clock.advance(20_000);
    const { progress, conditions } = (await api.get('service', 'web')).status;
    expect(progress).toMatchObject({
      state: 'failed',
      reason: 'CrashLoop',
      message: expect.stringMatching(/failed \d+ times in a row: exit code 3; last output: "no database"$/),
    });
    expect(conditions).toContainEqual(expect.objectContaining({ type: 'Degraded', status: 'true' }));
    const last = (await api.list('task')).items.find(({ status }) => status.retryAt !== undefined);
    expect(last?.status).toMatchObject({ state: 'failed', reason: 'CrashLoop', exitCode: 3 });
    const reasons = new Set((await api.list('event')).items.map(({ spec }) => spec.reason));
    for (const reason of ['Exited', 'Restarted', 'CrashLoop']) expect(reasons).toContain(reason);
  });

  test('running out of memory is named as such', async () => {
    const { apply, api, clock } = await make();
    await apply('web', { template: { labels: { 'fake/exit-after-ms': '10', 'fake/oom': 'true' } } });
    await clock.advance(500);
    const ended = (await api.list('task')).items.find(({ status }) => status.state === 'failed');
    expect(ended?.status).toMatchObject({
      reason: 'OutOfMemory',
      signal: 'SIGKILL',
      message: expect.stringMatching(/^out of memory: killed by SIGKILL \(exit code 137\)/),
    });
  });

  test("an image's own check that never succeeds ends the task with its output", async () => {
    const { apply, api, clock } = await make();
    const labels = { 'fake/unhealthy-after-ms': '3000', 'fake/health-message': 'no route' };
    await apply('web', { template: { labels } });
    await clock.advance(1000);
    expect((await api.list('task')).items[0]?.status).toMatchObject({ state: 'starting', ready: false });
    await clock.advance(3000);
    const ended = (await api.list('task')).items.find(({ status }) => status.state === 'failed');
    expect(ended?.status).toMatchObject({
      reason: 'Unhealthy',
      message: 'health check of the image: no route',
    });
  });
});

test('a requested restart starts over if the attempts are used up or the tasks are complete', async () => {
  const { apply, api, tasksOf, clock } = await make();
  await apply('once', {
    restart: { condition: 'none' },
    template: { labels: { 'fake/exit-after-ms': '10', 'fake/exit-code': '0' } },
  });
  await apply('giveup', {
    restart: { maxAttempts: 1, delayMs: 10 },
    template: { labels: { 'fake/exit-after-ms': '10', 'fake/exit-code': '1' } },
  });
  await clock.advance(5000);
  const before = { once: (await tasksOf('once')).length, giveup: (await tasksOf('giveup')).length };
  expect(before).toEqual({ once: 1, giveup: 2 });
  await api.restart('once');
  await api.restart('giveup');
  await clock.advance(5000);
  const newest = async (service: string) =>
    Math.max(...(await tasksOf(service)).map(({ spec }) => spec.attempt));
  expect(await newest('once')).toBe(2);
  expect(await newest('giveup')).toBeGreaterThan(2);
});
