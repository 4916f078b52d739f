import { startEtcd } from '../../support/etcd-server.ts';
import { startNats, startNatsCluster } from '../../support/nats-server.ts';
import { newestNats } from '../../support/newest-nats.ts';
import type { ServiceName } from '../../support/services.ts';
import type { StoreConfig } from './part-config.ts';

/** What carries a cluster and keeps its state. */
export interface Engines extends AsyncDisposable {
  readonly nats: readonly string[];
  readonly store: StoreConfig;
}

export interface EngineSet {
  readonly title: string;
  readonly needs: readonly ServiceName[];
  /** Whether the store refuses what a former leader writes, or only what was contradicted since. */
  readonly fences: boolean;
  /** For long proofs only. */
  readonly long?: boolean;
  start(): Promise<Engines>;
}

export const ENGINES: readonly EngineSet[] = [
  {
    title: 'etcd and NATS',
    needs: ['etcd', 'nats'],
    fences: true,
    start: async () => {
      const [etcd, nats] = await Promise.all([startEtcd(), startNats()]);
      return {
        nats: [nats.url],
        store: { kind: 'etcd', endpoints: etcd.urls },
        [Symbol.asyncDispose]: async () => {
          await Promise.all([etcd, nats].map((each) => each[Symbol.asyncDispose]()));
        },
      };
    },
  },
  {
    title: 'one NATS server',
    needs: ['nats'],
    fences: false,
    start: async () => {
      const nats = await startNats();
      const store = { kind: 'nats', servers: [nats.url], replicas: 1 } as const;
      return { nats: [nats.url], store, [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose]() };
    },
  },
  {
    title: 'three NATS servers',
    needs: ['nats'],
    fences: false,
    long: true,
    start: async () => {
      const nats = await startNatsCluster(newestNats().program);
      const store = { kind: 'nats', servers: nats.urls, replicas: 3 } as const;
      return { nats: nats.urls, store, [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose]() };
    },
  },
];
