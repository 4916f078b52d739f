import { type ApiServerOptions, apiEndpoint, apiServer } from '@gantry/api';
import { connect } from '@gantry/client/node';
import type { Plugin } from '@gantry/core';
import { type Cluster, createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';

/** A token of the right form; the one that the servers of tests are started with. */
export const ADMIN_TOKEN = `gantry_${'admin-of-the-tests'.padEnd(43, 'x')}`;

/** No limit that a test meets unless it wants to. */
export const WIDE = { requestsPerSecond: 1_000_000, burst: 1_000_000 };

export interface Served extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly url: string;
  readonly client: ReturnType<typeof connect>;
  /** A client with another token, or none. */
  connect(token?: string): ReturnType<typeof connect>;
}

/** A cluster with its API served, and a client of it. */
export async function serve(
  options: ApiServerOptions = {},
  {
    plugins = fakeCluster({ logLevel: 'silent' }),
    nodes = 2,
  }: { readonly plugins?: readonly Plugin[]; readonly nodes?: number } = {},
): Promise<Served> {
  const server = apiServer({ adminToken: ADMIN_TOKEN, limits: WIDE, ...options });
  const cluster = await createCluster([...plugins, server], { nodes });
  const { url, tls } = cluster.get(apiEndpoint);
  const clients: ReturnType<typeof connect>[] = [];
  const connectAs = (token?: string): ReturnType<typeof connect> => {
    const client = connect({ url, token, ca: tls?.cert });
    clients.push(client);
    return client;
  };
  return {
    cluster,
    url,
    client: connectAs(ADMIN_TOKEN),
    connect: connectAs,
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) await client[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}
