import { contracts, type Plugin } from '@gantry/core';
import { createCluster } from '@gantry/host';
import { binpackScheduler } from '@gantry/scheduler-binpack';
import { describe, expect, test } from 'vitest';
import { dockerCluster } from '../src/docker.ts';
import { fakeCluster } from '../src/fake.ts';
import { embedded } from '../src/index.ts';
import { processCluster } from '../src/process.ts';

const providers = (plugins: readonly Plugin[], id: string): string[] =>
  plugins.filter(({ provides }) => provides.id === id).map(({ name }) => name);

describe('a preset', () => {
  test.each([
    ['fake', fakeCluster],
    ['process', processCluster],
  ])(
    '%s is a complete set: it is checked and built, without a node nothing of the machine is touched',
    async (_name, preset) => {
      await using cluster = await createCluster(preset({ logLevel: 'silent' }), { nodes: 0 });
      expect((await cluster.api.list('node')).items).toEqual([]);
    },
  );

  test('docker brings runtime, network and load balancer of its own, each once', () => {
    const names = dockerCluster().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['runtime-docker', 'network-docker', 'lb-proxy', 'component-ingress']),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test('embedded lacks only what touches the machine', async () => {
    await expect(createCluster(embedded())).rejects.toMatchObject({
      code: 'WIRING',
      issues: [
        { message: expect.stringContaining('"runtime"') },
        { message: expect.stringContaining('"network"') },
      ],
    });
  });

  test('schedulers may be replaced; the first one is the default', () => {
    expect(providers(embedded(), 'scheduler')).toEqual(['scheduler-spread']);
    expect(providers(embedded({ schedulers: [binpackScheduler()] }), 'scheduler')).toEqual([
      'scheduler-binpack',
    ]);
  });

  test('refuses options that are wrong, naming the plugin', () => {
    expect(() => fakeCluster({ logLevel: 'loud' as never })).toThrowError(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        issues: [expect.objectContaining({ path: 'level' })],
      }),
    );
    expect(() => processCluster({ address: 'everywhere' })).toThrowError(/component-ingress: address/);
  });

  test('two clusters of one preset run beside each other', async () => {
    await using one = await createCluster(fakeCluster({ logLevel: 'silent' }), { name: 'one', nodes: 2 });
    await using two = await createCluster(fakeCluster({ logLevel: 'silent' }), { name: 'two', nodes: 1 });
    await one.api.apply({ kind: 'network', meta: { name: 'front' } });
    expect((await two.api.list('network')).items).toEqual([]);
    expect((await one.api.list('node')).items).toHaveLength(2);
    expect((await two.api.list('node')).items).toHaveLength(1);
    expect(one.get(contracts.store)).not.toBe(two.get(contracts.store));
  });
});
