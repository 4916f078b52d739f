import { startNats } from '../../../tests/support/nats-server.ts';
import { rawNats } from './raw-nats.ts';
import type { Pair } from './side.ts';
import { storeSide } from './store-side.ts';

/**
 * The store and a bare JetStream client at one server with JetStream in files, each with a bucket. Every write of
 * either side expects the revision that it replaces.
 */
export async function natsPair(): Promise<Pair> {
  const { natsStore } = await import('@gantry/store-nats');
  const server = await startNats();
  const plugin = natsStore({ servers: [server.url], bucket: 'store', replicas: 1 });
  const store = await storeSide(plugin, { expecting: true });
  const raw = await rawNats(server.url);
  return {
    store,
    raw,
    async [Symbol.asyncDispose]() {
      await Promise.all([store[Symbol.asyncDispose](), raw[Symbol.asyncDispose]()]);
      await server[Symbol.asyncDispose]();
    },
  };
}
