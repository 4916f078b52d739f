import { contracts } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { composePlugins } from '../config/resolve-plugins.ts';
import type { KeptPorts } from '../parts/kept-ports.ts';
import type { LocalSettings } from './settings.ts';

/** A cluster that runs in this process, with its API. */
export interface LocalCluster extends AsyncDisposable {
  readonly name: string;
  readonly api: ClusterApi;
  readonly nodes: readonly string[];
  readonly server: string;
  /** Token of an administrator, known only to this process. */
  readonly token: string;
  readonly ca?: string | undefined;
}

/** Starts a cluster and serves its API. @param ports the ports of the previous process, which the cluster takes over */
export async function startCluster(
  settings: LocalSettings,
  ports: KeptPorts,
  signal: AbortSignal,
): Promise<LocalCluster> {
  const [{ createCluster }, { apiEndpoint, apiServer, newSecret }, plugins] = await Promise.all([
    import('@gantry/host'),
    import('@gantry/api'),
    settings.plugins(ports.plugins),
  ]);
  const token = settings.adminToken ?? newSecret();
  const { host, port, tls } = settings.api;
  const server = apiServer({
    listen: { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
    adminToken: token,
    ...(tls === undefined ? {} : { tls }),
    certificateDirectory: settings.certificates,
  });
  const cluster = await createCluster([...plugins, server], {
    name: settings.name,
    nodes: settings.nodes,
    signal,
  });
  const endpoint = cluster.get(apiEndpoint);
  return {
    name: cluster.name,
    api: cluster.api,
    nodes: cluster.nodes,
    server: endpoint.url,
    token,
    ca: tls === 'self-signed' ? endpoint.tls?.cert : undefined,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const LOOK_MS = 50;

/**
 * Cleans up after a cluster whose process has died: its agents find tasks that are unknown to the control plane, and
 * remove them.
 */
export async function sweepCluster(settings: LocalSettings, signal: AbortSignal): Promise<void> {
  const [{ createCluster }, { memoryStore }] = await Promise.all([
    import('@gantry/host'),
    import('@gantry/store-memory'),
  ]);
  const { name, nodes } = settings;
  // Stored services must not run again before the next `up`.
  const forgetful = composePlugins(await settings.plugins(), [memoryStore()]);
  await using cluster = await createCluster(forgetful, { name, nodes, signal });
  const clock = cluster.get(contracts.clock);
  for (const node of cluster.nodes) {
    const runtime = cluster.get(contracts.runtime, node);
    while ((await runtime.list()).length > 0) await clock.sleep(LOOK_MS, signal);
  }
}
