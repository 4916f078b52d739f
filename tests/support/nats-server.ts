import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from './daemon.ts';
import { freePorts } from './ports.ts';

export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly daemon: Daemon;
}

/** A NATS server with JetStream; further arguments are its own, such as `--auth` or `--tls`. */
export async function startNats(args: readonly string[] = []): Promise<NatsServer> {
  const [port] = (await freePorts(1)) as [number];
  const folder = await mkdtemp(join(tmpdir(), 'gantry-nats-'));
  const own = ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder];
  const daemon = new Daemon({ program: 'nats-server', args: [...own, ...args], ready: () => greets(port) });
  await daemon.start();
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    daemon,
    [Symbol.asyncDispose]: () => end([daemon], [folder]),
  };
}

export interface NatsCluster extends AsyncDisposable {
  readonly urls: readonly string[];
  readonly daemons: readonly Daemon[];
}

/** Three NATS servers that replicate for each other; ready once JetStream has a leader. */
export async function startNatsCluster(program = 'nats-server'): Promise<NatsCluster> {
  const ports = await freePorts(9);
  const [client, route, monitor] = [ports.slice(0, 3), ports.slice(3, 6), ports.slice(6)];
  const routes = route.map((port) => `nats://127.0.0.1:${port}`).join(',');
  const folders = await Promise.all(client.map(() => mkdtemp(join(tmpdir(), 'gantry-nats-'))));
  const daemons = client.map((port, index) => {
    const args = ['--addr', '127.0.0.1', '--port', String(port), '--name', `n${index}`];
    args.push('--http_port', String(monitor[index]), '--jetstream', '--store_dir', folders[index] as string);
    args.push('--cluster_name', 'test', '--cluster', `nats://127.0.0.1:${route[index]}`, '--routes', routes);
    const health = `http://127.0.0.1:${monitor[index]}/healthz`;
    return new Daemon({ program, args, ready: async () => (await fetch(health)).ok });
  });
  for (const daemon of daemons) daemon.launch();
  await Promise.all(daemons.map((daemon) => daemon.ready()));
  const urls = client.map((port) => `nats://127.0.0.1:${port}`);
  return { urls, daemons, [Symbol.asyncDispose]: () => end(daemons, folders) };
}

async function end(daemons: readonly Daemon[], folders: readonly string[]): Promise<void> {
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

/** Whether a server greets who connects, as one that is up does. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const say = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', () => say(true));
    socket.on('error', () => say(false));
    socket.on('close', () => say(false));
  });
}
