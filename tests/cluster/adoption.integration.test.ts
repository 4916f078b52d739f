import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeAgent } from '@gantry/agent';
import { contracts, type Plugin } from '@gantry/core';
import type { Task, TemplateInput } from '@gantry/core/model';
import { type Cluster, createCluster } from '@gantry/host';
import { dockerCluster } from '@gantry/presets/docker';
import { processCluster } from '@gantry/presets/process';
import { describe, expect, test } from 'vitest';
import { describeWith } from '../support/services.ts';

const TIMEOUT = { timeoutMs: 240_000 };
const controlPlane = { heartbeatMs: 200, downAfterMs: 20_000 };

describe('an agent that crashes and comes back (processes)', () => {
  test('adopts its running tasks: the same processes, none started twice', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gantry-adopt-'));
    try {
      await adopts(processCluster({ runtime: { dir }, controlPlane }), { command: ['sleep', '3600'] });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});

describeWith('docker', 'an agent that crashes and comes back (containers)', () => {
  test('adopts its running tasks: the same containers, none started twice', async () => {
    await adopts(dockerCluster({ controlPlane }), {
      image: 'gantry-test/busybox:1',
      command: ['sleep', '3600'],
    });
  });
});

async function adopts(plugins: readonly Plugin[], template: TemplateInput): Promise<void> {
  await using cluster = await createCluster(plugins, { name: 'adopt', nodes: 1 });
  const { api } = cluster;
  await api.apply({ kind: 'service', meta: { name: 'app' }, spec: { replicas: 5, template } });
  await api.wait('service', 'app', 'Available', TIMEOUT);
  const before = await identities(cluster);

  (cluster.get(contracts.agent, 'node-1') as NodeAgent).abandon();
  await cluster.removeNode('node-1');
  const session = (await api.get('node', 'node-1')).status.session;
  await cluster.addNode({ name: 'node-1' });
  await api.wait(
    'node',
    'node-1',
    ({ status }) => status.session !== session && status.state === 'ready',
    TIMEOUT,
  );
  // The adopted tasks still obey: one more beside them, then one less.
  await api.scale('app', 6);
  await api.wait('service', 'app', ({ status }) => status.ready === 6, TIMEOUT);
  const after = await identities(cluster);
  expect(after.filter((identity) => before.includes(identity))).toEqual(before);
  expect(after).toHaveLength(6);
  await api.scale('app', 0);
  const runtime = cluster.get(contracts.runtime, 'node-1');
  await expect.poll(() => runtime.list(), { timeout: TIMEOUT.timeoutMs }).toEqual([]);
}

async function identities(cluster: Cluster): Promise<string[]> {
  const { items } = await cluster.api.list('task', { fields: 'status.state=running' });
  const identity = ({ meta, status }: Task): string =>
    `${meta.name} ${status.runtimeId} ${status.pid} ${status.startedAt}`;
  return items.map(identity).toSorted();
}
