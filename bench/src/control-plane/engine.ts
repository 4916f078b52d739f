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

/** Size of a store in bytes, as reported by its engine. */
export interface StoreSize {
  readonly storeBytes: number;
  /** Size in use in etcd, whose file also contains superseded and freed data. */
  readonly storeBytesInUse?: number;
}

/** A store with its engine. */
export interface Engine extends AsyncDisposable {
  readonly plugin: Plugin;
  /** Absent for the store in memory, which has no size. */
  readonly size?: () => Promise<StoreSize>;
}

export const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = {
  async memory() {
    return { plugin: memoryStore(), async [Symbol.asyncDispose]() {} };
  },

  /** In a directory; its size is that of the files. */
  async lmdb() {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
    const path = join(folder, 'store');
    return {
      plugin: lmdbStore({ path }),
      async size() {
        const files = await Promise.all((await readdir(path)).map((name) => stat(join(path, name))));
        return { storeBytes: files.reduce((sum, { size }) => sum + size, 0) };
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  },

  /** One member, with its usual settings; nothing is compacted during the run. */
  async etcd() {
    const server = await startEtcd();
    const [url = ''] = server.urls;
    return {
      plugin: etcdStore({ endpoints: url }),
      async size() {
        const answer = await fetch(`${url}/v3/maintenance/status`, { method: 'POST', body: '{}' });
        const { dbSize, dbSizeInUse } = (await answer.json()) as { dbSize: string; dbSizeInUse: string };
        return { storeBytes: Number(dbSize), storeBytesInUse: Number(dbSizeInUse) };
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },

  /** One server with JetStream in files; the size is that of the stream's messages. */
  async nats() {
    const [monitor = 0] = await freePorts(1);
    const server = await startNats(['--http_port', String(monitor)]);
    return {
      plugin: natsStore({ servers: [server.url], replicas: 1 }),
      async size() {
        const answer = await fetch(`http://127.0.0.1:${monitor}/jsz`);
        return { storeBytes: ((await answer.json()) as { bytes: number }).bytes };
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
