import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HaCluster } from '../../../tests/ha/support/ha-cluster.ts';
import type { PartProcess } from '../../../tests/ha/support/part-process.ts';
import { type EtcdServer, startEtcd } from '../../../tests/support/etcd-server.ts';
import { type NatsServer, startNats } from '../../../tests/support/nats-server.ts';
import { freePorts } from '../../../tests/support/ports.ts';
import { heapEnv } from './heap.ts';

export type StoreName = 'etcd' | 'nats';

const SERVERS = 3;
const AGENTS = 4;
const LEASE_MS = 3000;
/** Limits the history in etcd: unlimited, it would dominate all growth. */
const COMPACTION = ['--auto-compaction-mode', 'periodic', '--auto-compaction-retention', '1m'];

/** Engines, and a cluster of real processes that uses them. */
export interface World extends AsyncDisposable {
  readonly store: StoreName;
  readonly ha: HaCluster;
  readonly nats: NatsServer;
  /** Monitoring port of nats-server. */
  readonly natsMonitor: number;
  readonly etcd: EtcdServer | undefined;
  readonly leaseMs: number;
  /** Directory in which processes report their heap. */
  readonly heaps: string;
}

export async function startWorld(store: StoreName): Promise<World> {
  const opened: AsyncDisposable[] = [];
  const close = async (): Promise<void> => {
    while (opened.length > 0) await opened.pop()?.[Symbol.asyncDispose]();
  };
  try {
    const heaps = await mkdtemp(join(tmpdir(), 'gantry-soak-'));
    opened.push({ [Symbol.asyncDispose]: () => rm(heaps, { recursive: true, force: true }) });
    const [natsMonitor] = (await freePorts(1)) as [number];
    const nats = await startNats(['--http_port', String(natsMonitor)]);
    opened.push(nats);
    const etcd = store === 'etcd' ? await startEtcd(1, COMPACTION) : undefined;
    if (etcd !== undefined) opened.push(etcd);
    Object.assign(process.env, heapEnv(heaps)); // inherited by the parts; too late for this process
    const ha = await HaCluster.start({
      nats: [nats.url],
      store:
        etcd === undefined
          ? { kind: 'nats', servers: [nats.url], replicas: 1 }
          : { kind: 'etcd', endpoints: etcd.urls },
      servers: SERVERS,
      agents: AGENTS,
      runtime: 'process',
      leaseMs: LEASE_MS,
    });
    opened.push(ha);
    return {
      ...{ store, ha, nats, natsMonitor, etcd, heaps },
      leaseMs: LEASE_MS,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Directory in which an agent keeps the records, logs and directories of its tasks. */
export function dirOf({ config }: PartProcess): string {
  return config.role === 'agent' ? config.dir : '';
}
