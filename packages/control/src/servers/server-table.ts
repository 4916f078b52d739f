import type { Server } from '@gantry/core/model';
import type { ServerMessage } from '@gantry/core/protocol';

/** A server that sends nothing for this long is shown as unreachable. */
export const UNREACHABLE_MS = 6000;
/** An unreachable server is removed from the list after this time without a message. */
export const DROPPED_MS = 10 * 60_000;
/** Maximum number of other servers that are kept. */
export const MAX_SERVERS = 100;

interface Received {
  readonly message: ServerMessage;
  /** When it was received, by the monotonic clock of this process, ms. */
  readonly at: number;
}

/** The other servers, by their ids: each with its last message. */
export type ServerTable = ReadonlyMap<string, Received>;

/** The present moment by both clocks of this process, ms. */
export interface Moment {
  readonly now: number;
  readonly elapsed: number;
}

/**
 * The table after a message. A full table drops the server that has been silent longest, unless that one is still in
 * contact: then the new server is left out.
 */
export function withMessage(table: ServerTable, message: ServerMessage, elapsed: number): ServerTable {
  const next = new Map(table);
  next.delete(message.server);
  if (message.gone === true) return next;
  for (const [id, { message: other, at }] of next) {
    const replaced = other.name === message.name && elapsed - at >= UNREACHABLE_MS;
    if (replaced || elapsed - at >= DROPPED_MS) next.delete(id);
  }
  if (next.size >= MAX_SERVERS) {
    const [id, oldest] = [...next].reduce((a, b) => (b[1].at < a[1].at ? b : a));
    if (elapsed - oldest.at < UNREACHABLE_MS) return next;
    next.delete(id);
  }
  return next.set(message.server, { message, at: elapsed });
}

export interface TableView {
  /** The message of this process about itself. */
  readonly own: ServerMessage;
  readonly table: ServerTable;
  /** Id of the server that holds the lease, as last seen. */
  readonly leader: string | undefined;
  readonly at: Moment;
}

/** The servers as they are shown, sorted by name. */
export function serversOf({ own, table, leader, at }: TableView): readonly Server[] {
  const known = [...table.values()].filter(
    ({ message, at: last }) => at.elapsed - last < (message.name === own.name ? UNREACHABLE_MS : DROPPED_MS),
  );
  const all = [{ message: own, at: at.elapsed }, ...known];
  const servers = all.map(({ message, at: last }): Server => {
    const { server, version, startedAt, urls, leading } = message;
    const leads = message === own ? leading !== undefined : server === leader;
    const silentMs = at.elapsed - last;
    return {
      kind: 'server',
      meta: { name: nameOf(message, all), uid: server, createdAt: startedAt },
      status: {
        state: silentMs < UNREACHABLE_MS ? 'ready' : 'unreachable',
        role: leads ? 'leader' : 'standby',
        ...(leads && leading !== undefined && { leaderSince: leading.since }),
        ...(leads && leading?.term !== undefined && { term: leading.term }),
        urls,
        version,
        startedAt,
        lastSeenAt: at.now - silentMs,
      },
    };
  });
  return servers.sort((a, b) => compare(a.meta.name, b.meta.name));
}

/** Its name, unless another server with the same one has started later: then its id. */
function nameOf({ server, name, startedAt }: ServerMessage, all: readonly Received[]): string {
  const later = all.some(
    ({ message }) =>
      message.name === name &&
      (message.startedAt > startedAt || (message.startedAt === startedAt && message.server > server)),
  );
  return later ? server : name;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
