import { contracts, type Scheduler } from '@gantry/core';
import type { NodeView } from '@gantry/core/contracts';
import { subjects } from '@gantry/core/protocol';
import { binpackScheduler } from '@gantry/scheduler-binpack';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { describe, expect, test } from 'vitest';
import { clusterPerTest, type FakeCluster, given } from './support/cluster.ts';

const make = clusterPerTest();

const asking = (cpu: number) => ({ resources: { requests: { cpu } } });

/** Millicores promised on each node. */
async function promised({ api }: FakeCluster): Promise<Map<string, number>> {
  const used = new Map<string, number>();
  for (const { spec, status } of (await api.list('task')).items) {
    if (spec.node === undefined || ['failed', 'shutdown'].includes(status.state)) continue;
    const { requests } = (await api.get('template', spec.template)).spec.resources;
    used.set(spec.node, (used.get(spec.node) ?? 0) + (requests.cpu ?? 0));
  }
  return used;
}

const EXPLANATION = {
  scheduler: 'policy',
  nodes: 0,
  feasible: 0,
  placed: 0,
  unplaced: 1,
  filters: [],
  ranking: [],
  summary: 'not yet',
};

describe('the scheduler loop', () => {
  test('global and replicated services of one burst never over-commit a node', async () => {
    const cluster = await make({ nodes: 3 });
    await Promise.all([
      cluster.apply('daemon', { mode: 'global', template: asking(400) }),
      cluster.apply('web', { replicas: 9, template: asking(300) }),
      cluster.apply('other', { mode: 'global', template: asking(300) }),
      cluster.apply('api', { replicas: 9, template: asking(200) }),
    ]);
    await cluster.clock.advance(5000);
    for (const [node, cpu] of await promised(cluster)) expect([node, cpu <= 1000]).toEqual([node, true]);
    expect((await promised(cluster)).size).toBe(3);
  });

  test('a task that fits nowhere says why, and is placed as soon as there is room', async () => {
    const cluster = await make();
    await cluster.apply('big', { replicas: 2, template: asking(800) });
    await cluster.apply('web', { template: asking(500) });
    const [waiting] = await cluster.live('web');
    expect(waiting?.status).toMatchObject({
      state: 'pending',
      reason: 'InsufficientCpu',
      message: expect.any(String),
    });
    expect((await cluster.api.get('service', 'web')).status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Scheduled', status: 'false' }),
    );
    await cluster.api.scale('big', 1);
    await cluster.clock.advance(5000);
    expect((await cluster.live('web'))[0]?.status.state).toBe('running');
  });

  test('one that came just as a round had ended is not forgotten', async () => {
    const cluster = await make({ nodes: 4 });
    for (let round = 0; round < 30; round++) {
      const name = `s${round}`;
      await cluster.api.apply({
        kind: 'service',
        meta: { name },
        spec: { replicas: 1 + (round % 3), template: { image: name, drainMs: 0 } },
      });
      await cluster.clock.advance(round % 4);
    }
    await cluster.clock.advance(3000);
    const { items } = await cluster.api.list('task', { fields: 'status.state=pending' });
    expect(items).toEqual([]);
  });

  test('a service picks its scheduler by name', async () => {
    const cluster = await make({ nodes: 4, schedulers: [spreadScheduler(), binpackScheduler()] });
    await cluster.apply('wide', { replicas: 4, template: asking(100) });
    await cluster.apply('tight', { replicas: 4, scheduler: 'binpack', template: asking(100) });
    const nodesOf = async (name: string) =>
      new Set((await cluster.live(name)).map(({ spec }) => spec.node)).size;
    expect(await nodesOf('wide')).toBe(4);
    expect(await nodesOf('tight')).toBe(1);
  });

  test('a scheduler sees the current labels and annotations of the service', async () => {
    const seen: unknown[] = [];
    const policy: Scheduler = {
      name: 'policy',
      place: ({ groups }) => {
        for (const { labels, annotations } of groups) seen.push({ labels, annotations });
        return { groups: groups.map(() => ({ nodes: [], explanation: EXPLANATION })) };
      },
    };
    const cluster = await make({ schedulers: [given(contracts.scheduler, policy, 'scheduler-policy')] });
    const meta = { name: 'web', labels: { tier: 'x' }, annotations: { 'example.com/policy': 'near a lake' } };
    await cluster.api.apply({ kind: 'service', meta, spec: { template: { image: 'web:1' } } });
    await cluster.clock.advance(1000);
    expect(seen.at(-1)).toEqual({ labels: meta.labels, annotations: meta.annotations });
    await cluster.api.patch('service', 'web', {
      meta: { annotations: { 'example.com/policy': 'anywhere' } },
    });
    await cluster.api.scale('web', 2);
    await cluster.clock.advance(60_000);
    expect(seen.at(-1)).toEqual({ labels: meta.labels, annotations: { 'example.com/policy': 'anywhere' } });
  });

  const broken: readonly (readonly [string, Scheduler['place'], RegExp])[] = [
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      /scheduler bad.*boom/,
    ],
    ['answers nothing', () => ({ groups: [] }), /scheduler bad failed: it did not answer for service lost/],
    ['answers nonsense', () => undefined as never, /scheduler bad/],
  ];

  test.each(broken)(
    'a scheduler that %s is named, and services of others proceed',
    async (_what, place, message) => {
      const warnings: unknown[] = [];
      const logger = {
        debug() {},
        info() {},
        warn: (_text: string, fields?: Readonly<Record<string, unknown>>) =>
          void warnings.push(fields?.error),
        error() {},
        child: () => logger,
      };
      const bad = given(contracts.scheduler, { name: 'bad', place } satisfies Scheduler, 'scheduler-bad');
      const cluster = await make({ schedulers: [spreadScheduler(), bad], logger });
      await cluster.apply('lost', { scheduler: 'bad' });
      await cluster.apply('web', { replicas: 2 });
      expect((await cluster.live('web')).map(({ status }) => status.state)).toEqual(['running', 'running']);
      expect(warnings.map(String)).toContainEqual(expect.stringMatching(message));
      expect((await cluster.live('lost')).map(({ status }) => status)).toEqual([
        expect.objectContaining({
          state: 'pending',
          reason: 'SchedulerFailed',
          message: expect.stringMatching(message),
        }),
      ]);
    },
  );

  test('queries with the current nodes: down, paused and drained ones are not schedulable', async () => {
    let seen: readonly NodeView[] = [];
    const looking: Scheduler = {
      name: 'looking',
      place(round) {
        seen = round.nodes.map((node) => ({ ...node }));
        return {
          groups: round.groups.map(({ tasks }) => ({
            nodes: [],
            explanation: {
              scheduler: 'looking',
              nodes: 0,
              feasible: 0,
              placed: 0,
              unplaced: tasks.length,
              filters: [],
              ranking: [],
              summary: 'no',
            },
          })),
        };
      },
    };
    const cluster = await make({
      nodes: 4,
      schedulers: [given(contracts.scheduler, looking, 'scheduler-looking')],
    });
    await cluster.api.setAvailability('node-1', 'drain');
    await cluster.api.setAvailability('node-2', 'pause');
    await cluster.cluster.removeNode('node-3');
    await cluster.clock.advance(10_000);
    await cluster.apply('web');
    expect(Object.fromEntries(seen.map(({ name, schedulable }) => [name, schedulable]))).toEqual({
      'node-1': 'drain',
      'node-2': 'pause',
      'node-3': 'down',
      'node-4': true,
    });
    expect((await cluster.live('web'))[0]?.status).toMatchObject({ reason: 'Unplaced', message: 'no' });
  });
});

describe('liveness', () => {
  test('a node that is silent for downAfterMs is down, and its tasks are replaced', async () => {
    const cluster = await make();
    await cluster.apply('web', { replicas: 2 });
    await cluster.cluster.removeNode('node-1');
    await cluster.clock.advance(3000);
    expect((await cluster.api.get('node', 'node-1')).status.state).toBe('ready');
    await cluster.clock.advance(6000);
    expect((await cluster.api.get('node', 'node-1')).status).toMatchObject({
      state: 'down',
      message: expect.stringMatching(/^no heartbeat from the agent for \d+ ms$/),
    });
    const ready = (await cluster.live('web')).filter(
      ({ status, spec }) => status.ready && spec.desired === 'running',
    );
    expect(ready.map(({ spec }) => spec.node)).toEqual(['node-2', 'node-2']);
    const events = (await cluster.api.list('event')).items.map(
      ({ spec }) => `${spec.regarding.name} ${spec.reason}`,
    );
    expect(events).toContain('node-1 NodeDown');
  });

  test('a node that comes back is ready, and has one live task per slot left', async () => {
    const cluster = await make();
    await cluster.apply('web', { replicas: 2 });
    await cluster.cluster.removeNode('node-1');
    await cluster.clock.advance(20_000);
    await cluster.cluster.addNode({ name: 'node-1' });
    await cluster.clock.advance(20_000);
    expect((await cluster.api.get('node', 'node-1')).status.state).toBe('ready');
    const live = await cluster.live('web');
    expect(live.map(({ spec }) => spec.slot).toSorted()).toEqual(['1', '2']);
  });

  test('an agent with an outdated session is asked to register', async () => {
    const { bus, clock } = await make();
    const ask = (subject: string) =>
      bus.request(subject, { session: 'old', since: 0, statuses: [] }, { timeoutMs: 100 });
    const { heartbeat, pull, report } = subjects('gantry').dispatch('node-1');
    for (const subject of [heartbeat, pull, report]) {
      await expect(ask(subject)).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    await clock.settle();
  });
});
