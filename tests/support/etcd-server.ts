import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from './daemon.ts';
import { freePorts } from './ports.ts';

export interface EtcdServer extends AsyncDisposable {
  /** One for each member. */
  readonly urls: readonly string[];
  readonly daemons: readonly Daemon[];
}

/** An etcd of one member, or of three that replicate for each other; further arguments are its own. */
export async function startEtcd(members: 1 | 3 = 1, args: readonly string[] = []): Promise<EtcdServer> {
  const ports = await freePorts(members * 2);
  const [client, peer] = [ports.slice(0, members), ports.slice(members)];
  const cluster = peer.map((port, index) => `m${index}=http://127.0.0.1:${port}`).join(',');
  const folders = await Promise.all(client.map(() => mkdtemp(join(tmpdir(), 'gantry-etcd-'))));
  const urls = client.map((port) => `http://127.0.0.1:${port}`);
  const daemons = urls.map((url, index) => {
    const own = ['--name', `m${index}`, '--data-dir', folders[index] as string, '--log-level', 'error'];
    own.push('--listen-client-urls', url, '--advertise-client-urls', url, '--initial-cluster', cluster);
    const peerUrl = `http://127.0.0.1:${peer[index]}`;
    own.push('--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl);
    const ready = async (): Promise<boolean> => {
      const answer = await fetch(`${url}/health`);
      return ((await answer.json()) as { health: string }).health === 'true';
    };
    return new Daemon({ program: 'etcd', args: [...own, ...args], ready });
  });
  for (const daemon of daemons) daemon.launch();
  await Promise.all(daemons.map((daemon) => daemon.ready()));
  return {
    urls,
    daemons,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    },
  };
}
