/**
 * One API server of a cluster, as known to the server that answers. Servers are not stored: each announces itself over
 * the bus, and the others keep what they hear in memory.
 */
export interface Server {
  /** Always `server`. */
  readonly kind: 'server';
  /** Name and start of the server. */
  readonly meta: ServerMeta;
  /** The server at its last message. */
  readonly status: ServerStatus;
}

/** Name and start of a server. */
export interface ServerMeta {
  /** The server's identity (`gantry server --identity`); its uid where several servers in contact have the same one. */
  readonly name: string;
  /** Identifies one run of the server: a restarted server has another. */
  readonly uid: string;
  /** Start of the process, ms since the epoch by its own clock. */
  readonly createdAt: number;
}

/** A server as of its last message to the server that answers. */
export interface ServerStatus {
  /** `unreachable`: no message from it for 6 s. The server that answers is always `ready`. */
  readonly state: 'ready' | 'unreachable';
  /** `leader`: holds the lease, as last seen by the server that answers. */
  readonly role: 'leader' | 'standby';
  /** When it became leader, ms since the epoch by its own clock; only of a leader that has said so. */
  readonly leaderSince?: number | undefined;
  /** Number of its term; absent without an election, and of servers that do not lead. */
  readonly term?: number | undefined;
  /** Where its API is served. */
  readonly urls: readonly string[];
  /** Version of Gantry that it runs. */
  readonly version: string;
  /** As `meta.createdAt`. */
  readonly startedAt: number;
  /** When its last message was received, ms since the epoch. */
  readonly lastSeenAt: number;
}
