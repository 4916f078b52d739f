import { execFileSync } from 'node:child_process';
import { networkKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { afterEach, describe, expect, test } from 'vitest';
import { occupyPort } from '../../../tests/support/occupy-port.ts';
import { freePorts } from '../../../tests/support/ports.ts';
import { describeWith } from '../../../tests/support/services.ts';
import { DockerNetwork } from '../src/index.ts';

const cluster = `net-${process.pid}`;

async function started(): Promise<DockerNetwork> {
  const network = new DockerNetwork({ cluster, timeoutMs: 30_000 });
  await network.start();
  return network;
}

const docker = (...args: readonly string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8' }).trim();
const there = (): readonly string[] => {
  const names = docker(
    'network',
    'ls',
    '--filter',
    `label=gantry.cluster=${cluster}`,
    '--format',
    '{{.Name}}',
  );
  return names.split('\n').filter(Boolean).sort();
};

describeWith('docker', 'network-docker', () => {
  conformance(
    networkKit,
    'network-docker',
    async () => {
      const network = await started();
      return {
        subject: { network, freePorts, occupy: occupyPort },
        close: () => network[Symbol.asyncDispose](),
      };
    },
    { patienceMs: 30_000 },
  );

  describe('on a real engine', () => {
    let open: DockerNetwork[] = [];
    afterEach(async () => {
      for (const network of open) await network[Symbol.asyncDispose]();
      open = [];
    });
    const make = async (): Promise<DockerNetwork> => {
      const network = await started();
      open.push(network);
      return network;
    };

    test('tasks without networks join the default one, and closing removes empty networks', async () => {
      const network = await make();
      const { networks } = await network.attach({ task: 'a', service: 'web', ports: [], networks: [] });
      expect(networks).toEqual([
        { name: 'default', engineName: `gantry-${cluster}-default`, aliases: ['web', 'tasks.web'] },
      ]);
      expect(there()).toEqual([`gantry-${cluster}-default`]);
      await network[Symbol.asyncDispose]();
      expect(there()).toEqual([]);
    });

    test('networks left by a dead cluster are used again, or made again if they differ', async () => {
      const first = await make();
      const spec = { internal: true, subnet: '10.213.7.0/24' };
      const before = await first.ensure({ name: 'back', spec });
      expect(before.subnet).toBe('10.213.7.0/24');
      const id = docker('network', 'inspect', '--format', '{{.Id}} {{.Internal}}', before.engineName);
      expect(id).toContain('true');
      const second = await make();
      expect(await second.list()).toEqual([before]);
      await second.ensure({ name: 'back', spec });
      expect(docker('network', 'inspect', '--format', '{{.Id}} {{.Internal}}', before.engineName)).toBe(id);
      await second.ensure({ name: 'back', spec: { internal: false } });
      expect(docker('network', 'inspect', '--format', '{{.Internal}}', before.engineName)).toBe('false');
    });

    test('networks with names of any length and with dots are distinct, and found again', async () => {
      const network = await make();
      const names = [
        'team.a',
        'team/a',
        'My_Net.1',
        `${'n'.repeat(63)}/${'x'.repeat(127)}1`,
        `${'n'.repeat(63)}/${'x'.repeat(127)}2`,
      ];
      const made = [];
      for (const name of names) made.push(await network.ensure({ name, spec: { internal: true } }));
      expect(new Set(made.map(({ engineName }) => engineName)).size).toBe(names.length);
      expect(made.every(({ engineName }) => engineName.length <= 128)).toBe(true);
      expect((await (await make()).list()).map(({ name }) => name).sort()).toEqual([...names].sort());
    });

    test('tasks.SERVICE resolves to the addresses of all tasks of the service', async () => {
      const network = await make();
      const ids: string[] = [];
      try {
        for (const task of ['a', 'b', 'c']) {
          const service = task === 'c' ? 'client' : 'web';
          const { networks } = await network.attach({ task, service, ports: [], networks: [] });
          const [{ engineName = '', aliases = [] } = {}] = networks;
          const flags = aliases.flatMap((alias) => ['--network-alias', alias]);
          ids.push(
            docker('run', '-d', '--network', engineName, ...flags, 'gantry-test/busybox:1', 'sleep', '1000'),
          );
        }
        const [a, b, c] = ids as [string, string, string];
        const address = (id: string): string =>
          docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', id);
        const found = docker('exec', c, 'nslookup', 'tasks.web');
        for (const id of [a, b]) expect(found).toContain(address(id));
        expect(found).not.toContain(address(c));
      } finally {
        if (ids.length > 0) docker('rm', '-f', ...ids);
      }
    });

    test('several processes that make the same networks at the same time have one of each', async () => {
      const networks = await Promise.all([make(), make(), make(), make()]);
      for (let turn = 0; turn < 3; turn++) {
        const name = `shared-${turn}`;
        await Promise.all(networks.map((network) => network.ensure({ name, spec: { internal: false } })));
      }
      expect(there()).toHaveLength(4);
    });

    test('a network that was pruned externally is made again', async () => {
      const network = await make();
      docker('network', 'rm', `gantry-${cluster}-default`);
      await network.attach({ task: 'a', service: 'web', ports: [], networks: [] });
      expect(there()).toEqual([`gantry-${cluster}-default`]);
    });

    test('a foreign network of that name is left alone', async () => {
      const network = await make();
      docker('network', 'create', `gantry-${cluster}-foreign`);
      try {
        const call = network.ensure({ name: 'foreign', spec: { internal: false } });
        await expect(call).rejects.toMatchObject({ code: 'CONFLICT' });
      } finally {
        docker('network', 'rm', `gantry-${cluster}-foreign`);
      }
    });

    test('check allows a host port that a container of the cluster publishes, not one of another container', async () => {
      const network = await make();
      const [port = 0] = await freePorts(1);
      const ports = [{ target: 80, protocol: 'tcp', host: port } as const];
      const request = { task: 'b', service: 'web', ports, networks: [] };
      for (const [label, outcome] of [
        [`gantry.cluster=${cluster}`, 'allowed'],
        ['gantry.cluster=another', 'CONFLICT'],
      ]) {
        const flags = ['--label', `${label}`, '-p', `${port}:80`];
        const id = docker('run', '-d', ...flags, 'gantry-test/busybox:1', 'sleep', '1000');
        try {
          const checked = network.check(request).then(
            () => 'allowed',
            ({ code }) => code,
          );
          expect(await checked).toBe(outcome);
        } finally {
          docker('rm', '-f', id);
        }
      }
    });

    test('a subnet that overlaps another is CONFLICT', async () => {
      const network = await make();
      await network.ensure({ name: 'a', spec: { internal: false, subnet: '10.213.8.0/24' } });
      const call = network.ensure({ name: 'b', spec: { internal: false, subnet: '10.213.8.0/25' } });
      await expect(call).rejects.toMatchObject({ code: 'CONFLICT' });
    });
  });

  test('an engine that is away is UNAVAILABLE', async () => {
    const network = new DockerNetwork({ cluster, socketPath: '/no/such/socket', timeoutMs: 1000 });
    await expect(network.start()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await network[Symbol.asyncDispose]();
  });
});
