import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';

const bin = fileURLToPath(new URL('../bin/gantry.js', import.meta.url));
const run = promisify(execFile);
const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();

const NAME = 'cli-create';
const IMAGE = 'my-web-server';
const SERVE = 'mkdir -p /www && echo hello > /www/index.html && exec httpd -f -p 80 -h /www';

interface Container {
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
}

describeWith('docker', "docker's service create, with gantry in its place", () => {
  let home = '';
  const gantry = async (...args: string[]): Promise<string> => {
    const env = { PATH: process.env.PATH, HOME: home, DOCKER_HOST: process.env.DOCKER_HOST };
    return (await run(process.execPath, [bin, ...args], { cwd: home, env })).stdout;
  };

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'gantry-create-'));
    const made = docker('create', 'gantry-test/busybox:1');
    docker('commit', '--change', `CMD ${JSON.stringify(['sh', '-c', SERVE])}`, made, IMAGE);
    docker('rm', made);
    await gantry('up', '-d', '--runtime', 'docker', '--nodes', '3', '--name', NAME);
  }, 60_000);

  afterAll(async () => {
    await gantry('down', NAME, '--kill');
    docker('rmi', IMAGE);
    await rm(home, { recursive: true, force: true });
  }, 60_000);

  test('three containers are on one network, and find each other by name', { timeout: 120_000 }, async () => {
    await gantry('service', 'create', '--replicas=3', '--network', 'frontend', IMAGE);
    const ids = docker('ps', '-q', '--filter', `label=gantry.cluster=${NAME}`).split('\n');
    const containers = JSON.parse(docker('inspect', ...ids)) as readonly Container[];
    expect(containers.map(({ NetworkSettings }) => Object.keys(NetworkSettings.Networks))).toEqual(
      Array.from({ length: 3 }, () => [`gantry-${NAME}-frontend`]),
    );
    const addresses = containers.flatMap(({ NetworkSettings }) =>
      Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress),
    );
    const tasks = (await gantry('get', 'tasks', '-o', 'name')).trim().split('\n');
    expect(tasks).toHaveLength(3);
    for (const task of tasks) {
      const found = await gantry('exec', task, '--', 'nslookup', IMAGE);
      for (const address of addresses) expect(found).toContain(address);
      expect(await gantry('exec', task, '--', 'wget', '-q', '-O', '-', `http://${IMAGE}/`)).toBe('hello\n');
    }
  });
});
