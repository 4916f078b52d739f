import type { Plugin } from '@gantry/core';
import { etcdStore } from '@gantry/store-etcd';
import { lmdbStore } from '@gantry/store-lmdb';
import { natsStore } from '@gantry/store-nats';

import type { StoreConfig } from './part-config.ts';

/** The plugin of a store, for the processes of a cluster and for observers. */
export function storeOf(store: StoreConfig): Plugin {
  switch (store.kind) {
    case 'etcd':
      return etcdStore({ endpoints: [...store.endpoints] });
    case 'nats':
      return natsStore({ servers: [...store.servers], replicas: store.replicas, unsafeReplicas: true });
    case 'lmdb':
      return lmdbStore({ path: store.path });
  }
}
