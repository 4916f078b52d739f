import { type Clock, type Random, type Servers, VERSION } from '@gantry/core';
import type { Server } from '@gantry/core/model';
import { randomId } from '@gantry/core/primitives';
import type { ServerMessage } from '@gantry/core/protocol';
import { type ServerTable, serversOf, withMessage } from './server-table.ts';

/** Maximum number of URLs in a message: the same limit as in its check. */
const MAX_URLS = 16;

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
}

/** How this process takes part in the announcements of a cluster with several servers. */
export interface Membership {
  /** Identity of this process in the election. */
  readonly server: string;
  readonly name: string;
  /** Identity of the process that holds the lease, as last seen. */
  leader(): string | undefined;
  /** Called when this process's own message changes. */
  changed(): void;
}

export type Leading = NonNullable<ServerMessage['leading']>;

/** The servers known to this process: itself and, once it has joined, the others. In memory only. */
export class ServerRegistry implements Servers {
  readonly #parts: Parts;
  readonly #startedAt: number;
  readonly #urls: string[] = [];
  #id: string | undefined;
  #membership: Membership | undefined;
  #leading: Leading | undefined;
  #table: ServerTable = new Map();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  /** Identity of this process. */
  get id(): string {
    if (this.#membership !== undefined) return this.#membership.server;
    this.#id ??= `server-${randomId(this.#parts.random, 8)}`;
    return this.#id;
  }

  list(): readonly Server[] {
    const { clock } = this.#parts;
    return serversOf({
      own: this.message(),
      table: this.#table,
      leader: this.#membership?.leader(),
      at: { now: clock.now(), elapsed: clock.elapsed() },
    });
  }

  advertise(url: string): () => void {
    this.#urls.push(url);
    this.#membership?.changed();
    let undone = false;
    return () => {
      if (undone) return;
      undone = true;
      this.#urls.splice(this.#urls.indexOf(url), 1);
      this.#membership?.changed();
    };
  }

  /** Makes this process one of several. */
  join(membership: Membership): void {
    this.#membership = membership;
  }

  /** Notes that the leader components of this process have started or stopped. */
  leads(leading: Leading | undefined): void {
    this.#leading = leading;
    this.#membership?.changed();
  }

  /** Takes a checked message of another server. Returns whether that server was unknown and is listed now. */
  receive(message: ServerMessage): boolean {
    const { server } = message;
    if (server === this.id) return false;
    const isKnown = this.#table.has(server);
    this.#table = withMessage(this.#table, message, this.#parts.clock.elapsed());
    return !isKnown && this.#table.has(server);
  }

  /** The message that this process publishes about itself. */
  message(): ServerMessage {
    return {
      server: this.id,
      name: this.#membership?.name ?? 'server',
      version: VERSION,
      startedAt: this.#startedAt,
      urls: this.#urls.slice(0, MAX_URLS),
      ...(this.#leading !== undefined && { leading: this.#leading }),
    };
  }
}
