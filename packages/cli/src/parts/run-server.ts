import { readFile } from 'node:fs/promises';
import type { GantryConfig } from '../config/define-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { composePlugins, resolvePlugins } from '../config/resolve-plugins.ts';
import { changeContexts, readContexts, withContext, withoutContext } from '../context/contexts-file.ts';
import { statePath } from '../context/paths.ts';
import { usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import { natsBusPart } from './nats-parts.ts';
import { type StoreOptions, storePart } from './store-part.ts';
import { untilAborted } from './until-aborted.ts';

export interface ServerSettings extends StoreOptions {
  readonly name?: string | undefined;
  readonly identity: string;
  readonly leaseMs: number;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsSelfSigned?: boolean | undefined;
  /** Of the context to write; true: that of the cluster, false: none. */
  readonly context?: string | boolean | undefined;
  readonly config?: string | undefined;
  readonly logLevel?: GantryConfig['logLevel'];
}

/** Runs a server of a control plane until the signal fires. */
export async function runServer(cx: Cx, settings: ServerSettings): Promise<void> {
  const { env, cwd } = cx.io;
  const { config, load } = await loadConfig(cwd, settings.config);
  const name = settings.name ?? config.name ?? 'gantry';
  const [{ createCluster }, { apiEndpoint, apiServer, newSecret }, { server }] = await Promise.all([
    import('@gantry/host'),
    import('@gantry/api'),
    import('@gantry/presets'),
  ]);
  const token = env.GANTRY_ADMIN_TOKEN || newSecret();
  const { identity, leaseMs } = settings;
  const preset = server({
    store: await storePart(env, cwd, name, settings),
    bus: await natsBusPart(env, settings, `gantry-server-${identity}`),
    identity,
    leaseMs,
    logLevel: settings.logLevel ?? config.logLevel ?? 'info',
  });
  const api = apiServer({
    ...(await listenOf(settings, config)),
    adminToken: token,
    certificateDirectory: statePath(env, name),
  });
  const own = await resolvePlugins(config.plugins ?? [], load);
  const cluster = await createCluster([...composePlugins(preset, own), api], {
    name,
    nodes: 0,
    signal: cx.signal,
  });
  const { url, tls } = cluster.get(apiEndpoint);
  const forget = await writeContext(
    cx,
    settings.context === true || settings.context === undefined ? name : settings.context,
    {
      server: url,
      token,
      ...(settings.tlsSelfSigned === true && tls !== undefined && { ca: tls.cert }),
    },
  );
  try {
    cx.io.tellParent?.({ type: 'ready', server: url, nodes: [] });
    cx.print(`server ${identity} of cluster ${name} at ${url}; Ctrl-C ends it`);
    await untilAborted(cx.signal);
  } finally {
    cx.note(`Ending server ${identity} …`);
    await cluster[Symbol.asyncDispose]();
    await forget();
  }
}

async function listenOf(
  { host, port, tlsCert, tlsKey, tlsSelfSigned }: ServerSettings,
  config: GantryConfig,
): Promise<Record<string, unknown>> {
  const given = { ...config.api };
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw usage('--tls-cert and --tls-key go together');
  if (tlsCert !== undefined && tlsKey !== undefined) {
    const [cert, key] = await Promise.all([readFile(tlsCert, 'utf8'), readFile(tlsKey, 'utf8')]);
    Object.assign(given, { tls: { cert, key } });
  } else if (tlsSelfSigned === true) Object.assign(given, { tls: 'self-signed' });
  const listen = { host: host ?? given.host, port: port ?? given.port };
  return {
    listen: Object.fromEntries(Object.entries(listen).filter(([, value]) => value !== undefined)),
    ...(given.tls !== undefined && { tls: given.tls }),
  };
}

/** Makes the server known to the commands of this user, and returns how to take that back. */
async function writeContext(
  cx: Cx,
  name: string | false,
  context: { readonly server: string; readonly token: string; readonly ca?: string },
): Promise<() => Promise<void>> {
  if (name === false) return async () => undefined;
  const { env } = cx.io;
  const { current } = await readContexts(env);
  await changeContexts(env, (contexts) => withContext(contexts, name, context, true));
  return async () => {
    const { contexts } = await readContexts(env);
    if (contexts[name]?.server !== context.server) return; // another server has it now
    await changeContexts(env, (all) => withoutContext(all, name, current === name ? undefined : current));
  };
}
