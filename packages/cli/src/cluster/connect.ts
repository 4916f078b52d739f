import { connect, type RemoteCluster } from '@gantry/client';
import type { ClusterApi } from '@gantry/core';
import type { Connection, Target, TokenApi } from '../io/io.ts';

/** Who waits at a terminal would rather know than wait. */
const RETRIES = 1;

/**
 * A cluster's API behind its URL. What Node's own `fetch` can do is done with it, which is there at once; a CA of one's
 * own, Unix sockets, and streams that may be silent for long need the client's Node entry, which takes its time to load.
 */
export async function connectTo({ server, token, ca }: Target): Promise<Connection> {
  const options = { url: server, token, retries: RETRIES };
  const open: RemoteCluster[] = [];
  const kept = (cluster: RemoteCluster): RemoteCluster => {
    open.push(cluster);
    return cluster;
  };
  let loaded: Promise<RemoteCluster> | undefined;
  const whole = (): Promise<RemoteCluster> => {
    loaded ??= import('@gantry/client/node').then((node) => kept(node.connect({ ...options, ca })));
    return loaded;
  };
  const plain = ca === undefined && /^https?:/.test(server);
  const main = plain ? kept(connect(options)) : await whole();
  return {
    api: withStreams(main, whole),
    tokens: {
      list: () => main.tokens.list(),
      create: (input: Parameters<TokenApi['create']>[0]) => main.tokens.create(input),
      remove: (id) => main.tokens.delete(id),
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((cluster) => cluster[Symbol.asyncDispose]()));
    },
  };
}

function withStreams(main: RemoteCluster, whole: () => Promise<RemoteCluster>): ClusterApi {
  const streams: Pick<ClusterApi, 'exec' | 'logs' | 'dial'> = {
    exec: async (...parameters) => (await whole()).exec(...parameters),
    async *logs(...parameters) {
      yield* (await whole()).logs(...parameters);
    },
    async *dial(...parameters) {
      yield* (await whole()).dial(...parameters);
    },
  };
  return new Proxy<ClusterApi>(main, {
    get: (target, name) => {
      if (Object.hasOwn(streams, name)) return streams[name as keyof typeof streams];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
