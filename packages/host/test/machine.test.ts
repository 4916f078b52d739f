import { contract, contracts, type MachineInfo, type Plugin } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { labelOf } from '../src/cluster-options.ts';
import { type ClusterOptions, createCluster, joinCluster } from '../src/index.ts';
import { base, noting, part, plugin } from './support/plugins.ts';

const shared = contract<unknown>('shared', { scope: 'machine' });

/** A machine with something shared by its nodes, a component of its own, and an agent for each node. */
function machineParts(journal: string[]): Plugin[] {
  return [
    plugin('agent', contracts.agent, () => part(journal, 'agent'), { shared }),
    plugin('component', contracts.machineComponent, () => part(journal, 'component'), { shared }),
    plugin('shared', shared, () => part(journal, 'shared'), { machine: contracts.machine }),
  ];
}

describe('the machine of a cluster', () => {
  test('has one of each component that all its nodes share', async () => {
    const journal: string[] = [];
    const cluster = await createCluster([...base(), ...machineParts(journal)], { nodes: 2 });
    expect(journal.filter((line) => line === 'create shared')).toHaveLength(1);
    const [one, two] = cluster.nodes.map((node) => cluster.get(shared, node));
    expect(one).toBe(two);
    expect(cluster.get(shared)).toBe(one);
    await cluster[Symbol.asyncDispose]();
  });

  test('starts after the cluster and before its nodes, and is closed in reverse', async () => {
    const journal: string[] = [];
    const plugins = [...base(), ...machineParts(journal), noting(journal, 'x')];
    const cluster = await createCluster(plugins, { nodes: 1 });
    await cluster[Symbol.asyncDispose]();
    expect(journal.filter((line) => !line.startsWith('create'))).toEqual([
      'start x',
      'start shared',
      'start component',
      'start agent',
      'close agent',
      'close component',
      'close shared',
      'close x',
    ]);
  });

  test('is undone with everything else if one of its parts fails to start', async () => {
    const journal: string[] = [];
    const start = async (): Promise<void> => {
      throw new Error('boom');
    };
    const broken = plugin('broken', contracts.machineComponent, () => part(journal, 'broken', { start }));
    const failing = createCluster([...base(), noting(journal, 'x'), broken], { nodes: 1 });
    await expect(failing).rejects.toMatchObject({ message: 'broken: start failed: boom' });
    expect(journal.slice(-2)).toEqual(['close broken', 'close x']);
  });

  test('knows its name and addresses; by default the name of the host, and no address', async () => {
    let seen: MachineInfo | undefined;
    const looking = plugin(
      'looking',
      contracts.machineComponent,
      ({ machine }) => {
        seen = machine as MachineInfo;
        return { name: 'looking' };
      },
      { machine: contracts.machine },
    );
    const machine = { name: 'm1', addresses: ['10.0.0.1', 'fd00::1'] };
    await using named = await createCluster([...base(), looking], { nodes: 0, machine });
    expect([seen, named.machine]).toEqual([machine, machine]);
    await using unnamed = await createCluster([...base(), looking], { nodes: 0 });
    expect(unnamed.machine).toEqual({ name: expect.stringMatching(/^[a-z0-9-]{1,63}$/), addresses: [] });
  });

  test.each([
    [{ name: 'My Machine' }, 'machine.name'],
    [{ addresses: ['here'] }, 'machine.addresses[0]'],
    [{ color: 'red' }, 'machine'],
  ])('rejects %j with its path', async (machine, path) => {
    const options = { nodes: 0, machine } as ClusterOptions;
    await expect(createCluster(base(), options)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      issues: [{ path }],
    });
  });

  test.each([
    ['Build_Box.example.org', 'build-box'],
    ['web-1', 'web-1'],
    ['-odd-', 'odd'],
    ['', 'localhost'],
    [`${'x'.repeat(70)}.example.org`, 'x'.repeat(63)],
  ])('makes a DNS label of the host name %s', (host, label) => {
    expect(labelOf(host)).toBe(label);
  });
});

describe('a machine that joins a cluster', () => {
  test('runs its nodes without a control plane', async () => {
    const journal: string[] = [];
    const member = await joinCluster([...base(), ...machineParts(journal)], { name: 'shop', nodes: 1 });
    expect([member.name, member.nodes]).toEqual(['shop', ['node-1']]);
    await member[Symbol.asyncDispose]();
    expect(journal.at(-1)).toBe('close shared');
  });

  test('has no API in its type', async () => {
    await using member = await joinCluster(base(), { nodes: 0 });
    // @ts-expect-error -- a member that only joins has none
    expect(() => member.api).toThrow(expect.objectContaining({ code: 'WIRING' }));
  });

  test('leads nothing: a part of the leader is WIRING before anything is built', async () => {
    const journal: string[] = [];
    const leading = plugin('dispatcher', contracts.leaderComponent, () => part(journal, 'dispatcher'));
    await expect(joinCluster([...base(), leading, noting(journal, 'x')])).rejects.toMatchObject({
      code: 'WIRING',
      message: expect.stringContaining('leave out dispatcher, or use createCluster'),
    });
    expect(journal).toEqual([]);
  });
});
