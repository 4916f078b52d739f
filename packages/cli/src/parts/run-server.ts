import { readFile } from 'node:fs/promises';
import type { GantryConfig } from '../config/define-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { composePlugins, resolvePlugins } from '../config/resolve-plugins.ts';
import {
  type Context,
  changeContexts,
  readContexts,
  withContext,
  withoutContext,
  withoutServer,
  withServer,
} from '../context/contexts-file.ts';
import { statePath } from '../context/paths.ts';
import { problemOf, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import { natsBusPart } from './nats-parts.ts';
import { isFull, onceThereIsRoom } from './once-there-is-room.ts';
import { type StoreOptions, storePart } from './store-part.ts';
import { untilAborted } from './until-aborted.ts';

/** Timeout for the server of another context. */
const ANSWER_MS = 2000;

/** Default port of a server's API; fixed, so that its URL remains valid across restarts. */
export const DEFAULT_PORT = 7443;

export interface ServerSettings extends StoreOptions {
  readonly name?: string | undefined;
  readonly identity: string;
  readonly leaseMs: number;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsSelfSigned?: boolean | undefined;
  /** Name of the context to write; true: name of the cluster, false: no context. */
  readonly context?: string | boolean | undefined;
  readonly config?: string | undefined;
  readonly logLevel?: GantryConfig['logLevel'];
}

/** Runs a server of a control plane until the signal fires. */
export async function runServer(cx: Cx, settings: ServerSettings): Promise<void> {
  const { env, cwd } = cx.io;
  cx.io.keepRunning?.();
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
  // What a configuration has for the machines of agents has no place on a server.
  const own = (await resolvePlugins(config.plugins ?? [], load)).filter(
    ({ provides }) => provides.scope === 'cluster' || provides.scope === 'leader',
  );
  const cluster = await createCluster([...composePlugins(preset, own), api], {
    name,
    nodes: 0,
    signal: cx.signal,
  });
  const { url, tls } = cluster.get(apiEndpoint);
  let forget = async (): Promise<void> => undefined;
  const stopWriting = await onceThereIsRoom(cx, 'the context', async () => {
    forget = await writeContext(
      cx,
      settings.context === true || settings.context === undefined ? name : settings.context,
      identity,
      {
        server: url,
        token,
        ...(settings.tlsSelfSigned === true && tls !== undefined && { ca: tls.cert }),
      },
    );
  });
  try {
    cx.io.tellParent?.({ type: 'ready', server: url, nodes: [] });
    cx.print(`server ${identity} of cluster ${name} at ${url}; Ctrl-C ends it`);
    await untilAborted(cx.signal);
  } finally {
    cx.note(`Ending server ${identity} …`);
    await cluster[Symbol.asyncDispose]();
    await stopWriting();
    await forget().catch((error: unknown) => {
      if (!isFull(error)) throw error;
      cx.warn('the context cannot be changed: the disk is full');
    });
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
  const listen = { host: host ?? given.host, port: port ?? given.port ?? DEFAULT_PORT };
  return {
    listen: Object.fromEntries(Object.entries(listen).filter(([, value]) => value !== undefined)),
    ...(given.tls !== undefined && { tls: given.tls }),
  };
}

/**
 * Adds the server to the contexts of this user, and returns a function that undoes it. A context of the same name whose
 * server answers is kept: the URL is added to it if the token is the same, otherwise this server gets a context of its
 * own. The current context stays current as long as its server answers.
 */
async function writeContext(
  cx: Cx,
  name: string | false,
  identity: string,
  context: Context & { readonly token: string },
): Promise<() => Promise<void>> {
  if (name === false) return async () => undefined;
  const { env } = cx.io;
  const { current, contexts } = await readContexts(env);
  const known = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  const shared = known !== undefined && known.server !== context.server && (await answers(cx, known));
  const own = shared && known.token !== context.token ? `${name}-${identity}` : name;
  const chosen = current === undefined || !Object.hasOwn(contexts, current) ? undefined : contexts[current];
  const use = chosen === undefined || current === own || !(await answers(cx, chosen));
  await changeContexts(env, (all) => {
    const there = Object.hasOwn(all.contexts, own) ? all.contexts[own] : undefined;
    const entry = shared && own === name && there !== undefined ? withServer(there, context) : context;
    return withContext(all, own, entry, use);
  });
  if (!use)
    cx.note(`The current context is still ${current}; choose this one with \`gantry context use ${own}\``);
  return async () => {
    await changeContexts(env, (all) => {
      const entry = Object.hasOwn(all.contexts, own) ? all.contexts[own] : undefined;
      // Another server has taken over the context.
      if (![entry?.server, ...(entry?.servers ?? [])].includes(context.server)) return all;
      const left = entry === undefined ? undefined : withoutServer(entry, context.server);
      if (left !== undefined) return withContext(all, own, left, false);
      return withoutContext(all, own, current === own ? undefined : current);
    });
  };
}

/** Whether the server of a context answers, whatever the response. */
async function answers(cx: Cx, { server, servers, token, ca }: Context): Promise<boolean> {
  const late = new AbortController();
  const cancel = (await cx.clock()).after(ANSWER_MS, () => late.abort());
  try {
    await using connection = await cx.io.connect({ server, servers, token, ca });
    await connection.api.info({ signal: AbortSignal.any([cx.signal, late.signal]) });
    return true;
  } catch (error) {
    return !late.signal.aborted && !['UNAVAILABLE', 'TIMEOUT', 'ABORTED'].includes(problemOf(error).code);
  } finally {
    cancel();
  }
}
