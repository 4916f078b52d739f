import { expect, test } from 'vitest';
import { MAX_UNPLACED } from '../src/service/modes/replicated/replicated-slots.ts';
import { clusterPerTest } from './support/cluster.ts';

const make = clusterPerTest();

test('ten million replicas fill the cluster with only a bounded backlog, and other services proceed', async () => {
  const { apply, api, store, clock } = await make({ nodes: 2 });
  const requests = { cpu: 100 };
  const template = { resources: { requests } };
  await apply('vast', { replicas: 10_000_000, template });
  await clock.advance(10_000);
  const { status } = await api.get('service', 'vast');
  expect(status).toMatchObject({ desired: 10_000_000, ready: 20, progress: { state: 'progressing' } });
  const stored = (await store.list('tasks/')).entries.length;
  expect(stored).toBeGreaterThan(20);
  expect(stored).toBeLessThanOrEqual(20 + MAX_UNPLACED);
  await apply('small', { replicas: 2 });
  await clock.advance(5000);
  expect((await api.get('service', 'small')).status.ready).toBe(2);
  await api.scale('vast', 5);
  await clock.advance(30_000);
  expect((await api.get('service', 'vast')).status).toMatchObject({ desired: 5, ready: 5 });
  expect((await store.list('tasks/')).entries.length).toBeLessThanOrEqual(5 + 2);
}, 240_000);

test('a plan of ten million replicas is bounded too, and one of too many services is rejected', async () => {
  const { api } = await make({ nodes: 2 });
  const vast = (name: string) => ({
    kind: 'service' as const,
    meta: { name },
    spec: {
      replicas: 10_000_000,
      template: { image: 'a', resources: { requests: { cpu: 100 } } },
    },
  });
  const [plan] = await api.plan([vast('vast')]);
  expect(plan).toMatchObject({ change: 'create', keep: 0, unplaced: 10_000_000 - 20 });
  expect(plan?.nodes).toHaveLength(20);
  const many = Array.from({ length: 21 }, (_, index) => vast(`vast-${index}`));
  await expect(api.plan(many)).rejects.toMatchObject({
    code: 'EXHAUSTED',
    message: expect.stringContaining('2,000,000'),
  });
});
