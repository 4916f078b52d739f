import { createServer } from 'node:net';
import { join } from 'node:path';
import { Child, until } from './child.ts';

/** The store and the bus below the servers of the cluster. */
export interface Engines {
  readonly children: readonly Child[];
  /** For `--nats`. */
  readonly nats: string;
  /** For `--store`, and how many copies there are. */
  readonly store: string;
  readonly replicas: number;
}

/** etcd for the state and NATS for the messages, or three NATS servers for both. */
export async function startEngines(store: 'etcd' | 'nats', folder: string): Promise<Engines> {
  return store === 'etcd' ? await etcdAndNats(folder) : await threeNats(folder);
}

async function etcdAndNats(folder: string): Promise<Engines> {
  const [client, peer, port] = (await freePorts(3)) as [number, number, number];
  const url = `http://127.0.0.1:${client}`;
  const etcd = new Child('etcd', 'etcd', [
    ...['--data-dir', join(folder, 'etcd'), '--log-level', 'error'],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
  ]);
  const nats = new Child('nats-server', 'nats-server', ['--addr', '127.0.0.1', '--port', String(port)]);
  await Promise.all([
    started(etcd, async () => (await fetch(`${url}/health`)).ok),
    nats.says(/Server is ready/),
  ]);
  return { children: [etcd, nats], nats: `nats://127.0.0.1:${port}`, store: `etcd:${url}`, replicas: 1 };
}

async function threeNats(folder: string): Promise<Engines> {
  const ports = await freePorts(9);
  const [clients, routes, monitors] = [ports.slice(0, 3), ports.slice(3, 6), ports.slice(6)];
  const urls = clients.map((port) => `nats://127.0.0.1:${port}`);
  const children = clients.map((port, index) => {
    const own = ['--addr', '127.0.0.1', '--port', String(port), '--name', `nats-${index + 1}`];
    own.push(
      '--http_port',
      String(monitors[index]),
      '--jetstream',
      '--store_dir',
      join(folder, `nats-${index}`),
    );
    own.push('--cluster_name', 'ha', '--cluster', `nats://127.0.0.1:${routes[index]}`);
    own.push('--routes', routes.map((route) => `nats://127.0.0.1:${route}`).join(','));
    return new Child(`nats-${index + 1}`, 'nats-server', own);
  });
  const healthy = async (index: number): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${monitors[index]}/healthz`)).ok;
  await Promise.all(children.map((child, index) => started(child, () => healthy(index))));
  return { children, nats: urls.join(','), store: 'nats', replicas: 3 };
}

/** Resolves once it can be used; fails at once when it has ended. */
async function started(child: Child, ready: () => Promise<boolean>): Promise<void> {
  const ended = child.says(/^$a/); // nothing is ever like this: it ends with an error if the process does
  const usable = until(async () => ((await ready()) ? true : undefined), `${child.name} to start`, 30_000);
  await Promise.race([usable, ended]);
}

export async function freePorts(count: number): Promise<number[]> {
  const probes = await Promise.all(
    Array.from({ length: count }, async () => {
      const probe = createServer();
      await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
      return probe;
    }),
  );
  const ports = probes.map((probe) => (probe.address() as { port: number }).port);
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}
