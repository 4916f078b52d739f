/**
 * A cluster as it would run on several hosts, on one machine: three servers of a control plane, one of which leads,
 * over etcd or three NATS servers, and five agents that run processes. The leader is killed in the middle of an update;
 * another server takes over, and no client of the service notices. Needs `nats-server`, and `etcd` unless it is run
 * with `--store nats`.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect, type RemoteCluster } from '@gantry/client/node';
import type { ServiceInput } from '@gantry/core/model';
import { Child, endAll, until } from './child.ts';
import { Clients } from './clients.ts';
import { type Engines, freePorts, startEngines } from './engines.ts';

const { values } = parseArgs({ options: { store: { type: 'string', default: 'etcd' } } });
if (values.store !== 'etcd' && values.store !== 'nats') throw new Error('--store etcd, or --store nats');

const gantry = fileURLToPath(new URL('../bin/gantry.js', import.meta.resolve('@gantry/cli')));
const folder = await mkdtemp(join(tmpdir(), 'gantry-ha-'));
const token = `gantry_${randomBytes(24).toString('hex')}`;
const [published] = (await freePorts(1)) as [number];
const children: Child[] = [];
const clients: RemoteCluster[] = [];
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(signal)));

try {
  await Promise.race([show(), interrupted()]);
} catch (error) {
  console.error(`ha-cluster: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  // Agents first, so that each can stop its tasks; the engines below them last.
  for (const kind of ['agent', 'server', ''])
    await endAll(children.filter(({ name }) => name.startsWith(kind)));
  await rm(folder, { recursive: true, force: true });
}

async function show(): Promise<void> {
  const engines = await startEngines(values.store as 'etcd' | 'nats', folder);
  children.push(...engines.children);
  say(`${engines.children.map(({ name }) => name).join(', ')} are up`);
  const servers = ['s1', 's2', 's3'].map((name) => startServer(engines, name));
  const agents = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name, index) => startAgent(engines, name, index));
  children.push(...servers, ...agents);
  const leading = await leaderOf(servers);
  await Promise.all(agents.map((agent) => agent.says(/^node /)));
  say(`servers s1, s2, s3: ${leading.name} leads · agents a1 … a5`);

  const other = servers.find((each) => each !== leading) as Child;
  const api = await apiOf(other);
  await api.apply(web('v1', 6));
  await api.wait('service', 'web', 'Updated', { timeoutMs: 60_000 });
  const url = `http://127.0.0.11:${published}/`;
  const users = new Clients(url, 4);
  say(`service web: 6 replicas, asked all the time at ${url}`);

  say(`update to v2 through ${other.name}, and in the middle of it: kill -9 ${leading.name}`);
  await api.apply(web('v2', 8));
  await until(
    async () => ((await api.get('service', 'web')).status.updated > 0 ? true : undefined),
    'the update',
  );
  const killedAt = performance.now();
  await leading.end('SIGKILL');
  const next = await leaderOf(servers.filter((each) => each !== leading));
  say(`${next.name} leads, ${seconds(killedAt)} after that`);
  await until(async () => {
    const { status } = await api.get('service', 'web');
    return status.updated === 8 && status.ready === 8 ? true : undefined;
  }, 'the update to end');
  say(`8 replicas run v2, ${seconds(killedAt)} after it`);
  const back = startServer(engines, leading.name.slice('server '.length));
  children.push(back);
  await back.says(/^server /);
  say(`${leading.name} is back, and stands by`);
  await users.stop();
  if (users.failures.length > 0) throw new Error(`requests failed: ${users.failures.slice(0, 3).join('; ')}`);
  await api.delete('service', 'web');
  await until(
    async () => ((await api.list('task')).items.length === 0 ? true : undefined),
    'the tasks to be gone',
  );
  say(`ok: ${users.answered} requests, 0 failed`);
}

function startServer({ nats, store, replicas }: Engines, name: string): Child {
  const args = ['server', '--name', 'ha', '--identity', name, '--nats', nats, '--store', store];
  args.push('--replicas', String(replicas), '--no-context', '--port', '0');
  if (replicas > 1) args.push('--unsafe-replicas'); // Debian's NATS is old; here a server of Gantry dies, none of NATS
  const env = { GANTRY_ADMIN_TOKEN: token, HOME: folder };
  return new Child(`server ${name}`, process.execPath, ['--', gantry, ...args], env);
}

function startAgent({ nats }: Engines, name: string, index: number): Child {
  const args = [
    'agent',
    '--name',
    'ha',
    '--node',
    name,
    '--nats',
    nats,
    '--runtime',
    'process',
    '--stop-tasks',
  ];
  args.push('--address', `127.0.0.${11 + index}`, '--data', join(folder, name));
  return new Child(`agent ${name}`, process.execPath, ['--', gantry, ...args], { HOME: folder });
}

/** The first of these servers that says that it leads. */
async function leaderOf(servers: readonly Child[]): Promise<Child> {
  return await Promise.any(servers.map((each) => each.says(/"message":"leads"/).then(() => each)));
}

async function apiOf(server: Child): Promise<RemoteCluster> {
  const [, url] = await server.says(/^server .* at (\S+);/);
  const client = connect({ url: url as string, token });
  clients.push(client);
  return client;
}

function web(version: string, replicas: number): ServiceInput {
  const script = `require('node:http').createServer((_, r) => r.end('${version}')).listen(process.env.PORT, process.env.HOST)`;
  return {
    kind: 'service',
    meta: { name: 'web' },
    spec: {
      replicas,
      update: { parallelism: 2, order: 'start-first', monitorMs: 20_000 },
      template: {
        command: [process.execPath, '-e', script],
        ports: [{ target: 8080, published, appProtocol: 'http' }],
        healthChecks: { readiness: { http: { port: 8080, path: '/' }, intervalMs: 200 } },
      },
    },
  };
}

async function interrupted(): Promise<never> {
  return await new Promise((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true });
  });
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function say(text: string): void {
  console.log(`ha-cluster: ${text}`);
}
