import { etcdStore } from '@gantry/store-etcd';
import { startEtcd } from '../../../tests/support/etcd-server.ts';
import { rawEtcd } from './raw-etcd.ts';
import type { Pair } from './side.ts';
import { storeSide } from './store-side.ts';

/** The store and a bare gRPC client at one etcd of one member. */
export async function etcdPair(): Promise<Pair> {
  const server = await startEtcd();
  const [url = ''] = server.urls;
  const store = await storeSide(etcdStore({ endpoints: url }));
  const raw = rawEtcd(new URL(url).host);
  return {
    store,
    raw,
    async [Symbol.asyncDispose]() {
      await Promise.all([store[Symbol.asyncDispose](), raw[Symbol.asyncDispose]()]);
      await server[Symbol.asyncDispose]();
    },
  };
}
