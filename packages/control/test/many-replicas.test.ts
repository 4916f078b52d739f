import { expect, test } from 'vitest';
import { MAX_UNPLACED } from '../src/service/wanted-slots.ts';
import { clusterPerTest } from './support/cluster.ts';

const make = clusterPerTest();

test('ten million replicas fill the cluster and no more than a bounded backlog, and other services go on', async () => {
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
});
