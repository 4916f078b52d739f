import type { ServiceInput } from '@gantry/core/model';
import { expect, test } from 'vitest';
import { quotaAdmission } from '../src/index.ts';
import { clusterPerTest } from './support/cluster.ts';

const make = clusterPerTest();

const service = (name: string, replicas: number, namespace?: string): ServiceInput => ({
  kind: 'service',
  meta: namespace === undefined ? { name } : { name, namespace },
  spec: { replicas, template: { image: 'a', drainMs: 0 } },
});

const quotas = {
  default: { tasks: 10, replicasPerService: 6 },
  namespaces: { 'team-a': { tasks: 3 } },
};

test('a service beyond its namespace is EXHAUSTED with the quota, its use and the request, and nothing is stored', async () => {
  const { api, clock } = await make({ more: [quotaAdmission(quotas)] });
  await api.apply(service('a', 6));
  await clock.advance(1000);
  await expect(api.apply(service('b', 7))).rejects.toMatchObject({
    code: 'EXHAUSTED',
    details: { quota: 'replicasPerService', limit: 6, used: 0, requested: 7 },
  });
  await expect(api.apply(service('b', 5))).rejects.toMatchObject({
    code: 'EXHAUSTED',
    message: 'service b: quota exceeded: namespace "default" allows tasks 10; 6 in use, 11 requested',
  });
  expect((await api.list('service')).items.map(({ meta }) => meta.name)).toEqual(['a']);
  await api.apply(service('b', 4));
});

test('each namespace has its own quota, also for scaling and for a service that is deleted', async () => {
  const { api, clock } = await make({ more: [quotaAdmission(quotas)] });
  await api.apply(service('a', 6));
  await api.apply(service('a', 2, 'team-a'));
  await expect(api.scale('team-a/a', 4)).rejects.toMatchObject({ code: 'EXHAUSTED' });
  await api.scale('team-a/a', 3);
  await api.delete('service', 'team-a/a');
  await clock.advance(30_000);
  await api.apply(service('b', 3, 'team-a'));
});

test('a quota of 0 allows services without replicas only', async () => {
  const { api } = await make({ more: [quotaAdmission({ default: { tasks: 0 } })] });
  await expect(api.apply(service('a', 1))).rejects.toMatchObject({ code: 'EXHAUSTED' });
  await api.apply(service('a', 0));
});
