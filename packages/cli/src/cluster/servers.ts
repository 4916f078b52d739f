import { type SelectOptions, selects } from '@gantry/core/api';
import type { AnyObject, KindInfo, Server } from '@gantry/core/model';
import { CliError, problemOf } from '../output/problem.ts';
import { didYouMean } from '../output/suggest.ts';
import type { Cx } from '../session.ts';

/** A kind that `get` accepts in addition to stored kinds: the API servers. */
export const SERVER_KIND: KindInfo = Object.freeze({
  kind: 'server',
  plural: 'servers',
  shortNames: [],
  namespaced: false,
  writable: false,
});

/**
 * Returns the servers of the cluster.
 *
 * @throws `UNSUPPORTED` if the queried server cannot list them
 */
export async function readServers(cx: Cx, signal: AbortSignal = cx.signal): Promise<readonly Server[]> {
  const api = await cx.api();
  try {
    return await api.servers({ signal });
  } catch (error) {
    if (problemOf(error).code !== 'NOT_FOUND') throw error;
    throw new CliError('UNSUPPORTED', 'the server cannot list servers: it is older than this program');
  }
}

/** Returns the servers that match the selectors, as objects without labels. */
export async function listServers(
  cx: Cx,
  { labels, fields }: Pick<SelectOptions, 'labels' | 'fields'> = {},
): Promise<readonly AnyObject[]> {
  return (await readServers(cx)).map(asObject).filter(selects({ labels, fields }));
}

/**
 * Returns a server by its name or uid.
 *
 * @throws `NOT_FOUND` with similar names
 */
export async function getServer(cx: Cx, name: string): Promise<AnyObject> {
  const servers = await readServers(cx);
  const found =
    servers.find(({ meta }) => meta.name === name) ?? servers.find(({ meta }) => meta.uid === name);
  if (found !== undefined) return asObject(found);
  const names = servers.map(({ meta }) => meta.name);
  throw new CliError(
    'NOT_FOUND',
    `server "${name}" not found`,
    didYouMean(name, names) ?? 'list them with `gantry get servers`',
  );
}

/** The servers of a cluster with several, and their leader. */
export interface Election {
  readonly leader: Server | undefined;
  readonly servers: readonly Server[];
}

/** The servers and their leader; undefined without leader election, and if the servers cannot be listed. */
export async function readElection(cx: Cx): Promise<Election | undefined> {
  const servers = await readServers(cx).catch(() => undefined);
  if (servers === undefined) return undefined;
  const leader = servers.find(({ status }) => status.role === 'leader');
  const alone = servers.length === 1 && leader !== undefined && leader.status.term === undefined;
  return alone ? undefined : { leader, servers };
}

function asObject(server: Server): AnyObject {
  return { ...server, meta: { ...server.meta, labels: {} } } as unknown as AnyObject;
}
