import { createCluster } from '@gantry/host';
import { describe, expect, test } from 'vitest';
import { Load, webOn } from '../../bench/src/web.ts';
import { describeWith } from '../support/services.ts';

const TIMEOUT = { timeoutMs: 240_000 };

describe('a rolling update of 10 replicas under constant load (processes)', () => {
  test('fails no request, and ends with the new version alone', () => updates('process'), 300_000);
});

describeWith('docker', 'a rolling update of 10 replicas under constant load (containers)', () => {
  test('fails no request, and ends with the new version alone', () => updates('docker'), 300_000);
});

async function updates(runtime: 'process' | 'docker'): Promise<void> {
  const web = await webOn(runtime);
  await using cluster = await createCluster(web.plugins, {
    name: `roll-${runtime}`,
    nodes: 3,
    closeTimeoutMs: 60_000,
  });
  const { api } = cluster;
  const update = { parallelism: 2, order: 'start-first', monitorMs: 3000 } as const;
  await api.apply(web.service(10, 'v1', { update }));
  const up = await api.wait(
    'service',
    'web',
    ({ status }) => status.ready === 10 && status.published.length > 0,
    TIMEOUT,
  );
  const load = new Load(up?.status.published[0]?.port as number, 8, 2);
  try {
    for (const version of ['v2', 'v3']) {
      await api.apply(web.service(10, version, { update }));
      await api.wait('service', 'web', 'Updated', TIMEOUT);
      load.answers.clear();
      await expect.poll(() => load.answers.size, { timeout: 60_000 }).toBe(10);
      expect([...load.answers].every((answer) => answer.includes(version))).toBe(true);
    }
  } finally {
    await load.stop();
  }
  expect(load.failures).toEqual([]);
  expect(load.ok).toBeGreaterThan(1000);
}
