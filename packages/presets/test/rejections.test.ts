import { type Cluster, createCluster } from '@gantry/host';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processCluster } from '../src/process.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await createCluster(processCluster({ logLevel: 'silent' }), { name: 'rejections', nodes: 1 });
});
afterAll(() => cluster[Symbol.asyncDispose]());

test.each([
  [
    'an image, where every runtime runs commands',
    { image: 'nginx:1' },
    'spec.template.image: no node has the feature "images"',
  ],
  [
    'a network, where every node has only that of its host',
    { command: ['sleep', '1'], networks: ['front'] },
    'spec.template.networks: no node has the feature "networks"',
  ],
  [
    'an init process, where no runtime has one',
    { command: ['sleep', '1'], init: true },
    'spec.template.init: no node has the feature "init"',
  ],
  [
    'a published UDP port, which the load balancer does not forward',
    { command: ['sleep', '1'], ports: [{ target: 53, published: 5353, protocol: 'udp' as const }] },
    'spec.template.ports[0].protocol: the load balancer does not forward udp',
  ],
])('%s, is rejected at apply and nothing is stored', async (_, template, message) => {
  const { api } = cluster;
  if ('networks' in template) await api.apply({ kind: 'network', meta: { name: 'front' }, spec: {} });
  const input = { kind: 'service', meta: { name: 'web' }, spec: { template } } as const;
  await expect(api.apply(input)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining(message),
  });
  expect((await api.list('service')).items).toEqual([]);
});
