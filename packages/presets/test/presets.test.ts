import { memoryBus } from '@gantry/bus-memory';
import { contracts, type Plugin } from '@gantry/core';
import { createCluster } from '@gantry/host';
import { binpackScheduler } from '@gantry/scheduler-binpack';
import { memoryStore } from '@gantry/store-memory';
import { describe, expect, test } from 'vitest';
import { dockerCluster, dockerNode } from '../src/docker.ts';
import { fakeCluster, fakeNode } from '../src/fake.ts';
import { embedded, node, server } from '../src/index.ts';
import { processCluster, processNode } from '../src/process.ts';

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

  test('docker brings its own runtime, network and load balancer, each once', () => {
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

  test.each([
    ['fakeCluster', fakeCluster],
    ['processCluster', processCluster],
    ['dockerCluster', dockerCluster],
    ['embedded', embedded],
    ['server', server],
    ['node', node],
    ['fakeNode', fakeNode],
    ['processNode', processNode],
    ['dockerNode', dockerNode],
  ] as const)('%s rejects an option it does not have, and names the one that was meant', (name, preset) => {
    const misspelt = { loglevel: 'silent', bus: memoryBus(), store: memoryStore() } as never;
    expect(() => preset(misspelt)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining(`${name}: loglevel: unknown option: did you mean "logLevel"?`),
      }),
    );
    expect(() => preset([] as never)).toThrow('expected an object with options');
  });

  test('rejects wrong options, naming the plugin', () => {
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
