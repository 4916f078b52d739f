import { resolve } from 'node:path';
import type { Plugin } from '@gantry/core';
import { usage } from '../output/problem.ts';
import { present, storeCredentials } from './env-secrets.ts';
import { type NatsOptions, natsConnection } from './nats-parts.ts';
import { parseStore } from './store-choice.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Command-line options for the store. */
export interface StoreOptions extends NatsOptions {
  readonly store: string;
  readonly storeCa?: string | undefined;
  readonly storeCert?: string | undefined;
  readonly storeKey?: string | undefined;
  readonly replicas?: string | undefined;
  readonly unsafeReplicas?: boolean | undefined;
}

/** Returns the plugin of the selected store for one cluster: several clusters may share an etcd or a NATS. */
export async function storePart(
  env: Env,
  cwd: string,
  cluster: string,
  options: StoreOptions,
): Promise<Plugin> {
  const choice = parseStore(options.store);
  switch (choice.kind) {
    case 'memory':
      return (await import('@gantry/store-memory')).memoryStore();
    case 'lmdb':
      return (await import('@gantry/store-lmdb')).lmdbStore({ path: resolve(cwd, choice.path) });
    case 'etcd': {
      const tls = present({ ca: options.storeCa, cert: options.storeCert, key: options.storeKey });
      const { etcdStore } = await import('@gantry/store-etcd');
      return etcdStore({
        endpoints: [...choice.endpoints],
        prefix: `/gantry/${cluster}/`,
        ...storeCredentials(env),
        ...(Object.keys(tls).length > 0 && { tls }),
      });
    }
    case 'nats': {
      const named = choice.servers.length > 0 ? { ...options, nats: choice.servers.join(',') } : options;
      const { servers, ...rest } = natsConnection(env, named);
      const { natsStore } = await import('@gantry/store-nats');
      const replicas = copies(options.replicas);
      const { unsafeReplicas = false } = options;
      const bucket = `gantry-${cluster}`;
      return natsStore({ ...rest, servers: [...servers], bucket, replicas, unsafeReplicas });
    }
  }
}

function copies(text = '1'): 1 | 3 | 5 {
  if (text === '1' || text === '3' || text === '5') return Number(text) as 1 | 3 | 5;
  throw usage(`--replicas: expected 1, 3 or 5, got "${text}"`);
}
