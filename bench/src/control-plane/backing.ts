import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '@gantry/core';
import { etcdStore } from '@gantry/store-etcd';
import { lmdbStore } from '@gantry/store-lmdb';
import { memoryStore } from '@gantry/store-memory';
import { natsStore } from '@gantry/store-nats';
import { startEtcd } from '../../../tests/support/etcd-server.ts';
import { startNats } from '../../../tests/support/nats-server.ts';
import { freePorts } from '../../../tests/support/ports.ts';

/** A store, and what it takes on disk. */
export interface Backing extends AsyncDisposable {
  readonly plugin: Plugin;
  /** Bytes; `inUse` where the engine also tells how much of it is not free again. */
  size(): Promise<{ readonly bytes: number; readonly inUse?: number }>;
}

/** Each on an engine of its own. */
export const BACKINGS: Readonly<Record<string, () => Promise<Backing>>> = {
  memory: async () => ({
    plugin: memoryStore(),
    size: async () => ({ bytes: 0 }),
    [Symbol.asyncDispose]: async () => {},
  }),
  lmdb: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
    return {
      plugin: lmdbStore({ path: join(folder, 'store') }),
      size: async () => ({ bytes: await bytesBelow(folder) }),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  },
  etcd: async () => {
    const server = await startEtcd();
    const [url = ''] = server.urls;
    return {
      plugin: etcdStore({ endpoints: url, timeoutMs: 30_000 }),
      size: async () => {
        const text = await (await fetch(`${url}/metrics`)).text();
        const gauge = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
        return {
          bytes: gauge('etcd_mvcc_db_total_size_in_bytes'),
          inUse: gauge('etcd_mvcc_db_total_size_in_use_in_bytes'),
        };
      },
      [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
    };
  },
  nats: async () => {
    const [monitor] = await freePorts(1);
    const server = await startNats(['--http_port', String(monitor)]);
    return {
      plugin: natsStore({ servers: server.url, timeoutMs: 30_000 }),
      size: async () => {
        const answer = await fetch(`http://127.0.0.1:${monitor}/jsz`);
        return { bytes: ((await answer.json()) as { bytes: number }).bytes };
      },
      [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
    };
  },
};

async function bytesBelow(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sum;
}
