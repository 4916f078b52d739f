import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { AttachRequest } from '@gantry/core/contracts';
import { afterEach, expect, test } from 'vitest';
import { HostNetwork, hostNetwork } from '../src/index.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function occupy(port: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

function make(from = 28_100, to = 28_109): HostNetwork {
  return new HostNetwork({ address: '127.0.0.1', portRange: { from, to }, random: { next: () => 0 } });
}

function ask(task: string, ...targets: readonly number[]): AttachRequest {
  const ports = targets.map((target) => ({ target, protocol: 'tcp' as const }));
  return { task, service: 'web', ports, networks: [] };
}

test('each port gets one of the host, and the task finds it in its environment', async () => {
  const { ports, env, publish, networks } = await make().attach(ask('a', 80, 9090));
  expect(ports.map(({ target }) => target)).toEqual([80, 9090]);
  expect(env).toEqual({
    HOST: '127.0.0.1',
    PORT: String(ports[0]?.port),
    PORT_80: String(ports[0]?.port),
    PORT_9090: String(ports[1]?.port),
  });
  expect([publish, networks]).toEqual([[], []]);
});

test('no port is given out twice while it is attached, even if many attach concurrently', async () => {
  const network = make();
  const names = Array.from({ length: 10 }, (_, n) => `t${n}`);
  const all = await Promise.all(names.map((name) => network.attach(ask(name, 80))));
  expect(new Set(all.map(({ ports }) => ports[0]?.port)).size).toBe(10);
  await expect(network.attach(ask('more', 80))).rejects.toMatchObject({ code: 'EXHAUSTED' });
  await network.detach('t3');
  expect((await network.attach(ask('more', 80))).ports[0]?.port).toBe(all[3]?.ports[0]?.port);
});

test('a port someone else listens on is skipped', async () => {
  await occupy(28_100);
  expect((await make().attach(ask('a', 80))).ports[0]?.port).toBe(28_101);
});

test('a port in host mode is the published one, or CONFLICT', async () => {
  const network = make();
  const host = (task: string, port: number) => ({
    ...ask(task),
    ports: [{ target: 80, protocol: 'tcp' as const, host: port }],
  });
  expect((await network.attach(host('a', 28_205))).ports[0]?.port).toBe(28_205);
  await expect(network.attach(host('b', 28_205))).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('"a"'),
  });
  await occupy(28_206);
  await expect(network.attach(host('b', 28_206))).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { reason: 'PortTaken' },
  });
  expect((await network.attach(host('b', 28_207))).ports[0]?.port).toBe(28_207);
});

test('a task that is adopted keeps its ports, though it listens on them', async () => {
  await occupy(28_103);
  const keep = [{ target: 80, protocol: 'tcp' as const, address: '127.0.0.1', port: 28_103 }];
  const network = make();
  const { ports, env } = await network.attach({ ...ask('a', 80, 81), keep });
  expect(ports[0]?.port).toBe(28_103);
  expect(env.PORT).toBe('28103');
  await expect(network.attach({ ...ask('b', 80), keep })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('a failed attach keeps nothing', async () => {
  const network = make(28_100, 28_100);
  await expect(network.attach(ask('a', 80, 81))).rejects.toMatchObject({ code: 'EXHAUSTED' });
  expect((await network.attach(ask('b', 80))).ports[0]?.port).toBe(28_100);
});

test('UDP ports are distinguished from TCP ports', async () => {
  const network = make(28_100, 28_100);
  const ports = (['tcp', 'udp'] as const).map((protocol) => ({ target: 53, protocol }));
  const attachment = await network.attach({ ...ask('dns'), ports });
  expect(attachment.ports.map(({ port, protocol }) => [port, protocol])).toEqual([
    [28_100, 'tcp'],
    [28_100, 'udp'],
  ]);
});

test('networks are UNSUPPORTED, named', async () => {
  const network = make();
  const spec = { internal: false };
  await expect(network.ensure({ name: 'backend', spec })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('"backend"'),
  });
  const networks = [{ name: 'backend', aliases: [] }];
  await expect(network.attach({ ...ask('a', 80), networks })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('"backend"'),
  });
  expect(await network.ensure({ name: 'host', spec })).toEqual({ name: 'host', engineName: 'host' });
});

test('the default range keeps clear of ports the kernel gives to outgoing connections', () => {
  const [low] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t').map(Number);
  expect(low).toBeGreaterThan(29_999);
});

test('wrong options are rejected with their path', () => {
  expect(() => hostNetwork({ portRange: { from: 5, to: 4 } })).toThrow(
    /network-host: portRange: expected from <= to/,
  );
  expect(() => hostNetwork({ address: 'localhost' })).toThrow(/network-host: address/);
});
