import {
  type Bus,
  type Clock,
  type ClusterInfo,
  type Component,
  contracts,
  definePlugin,
  GantryError,
  isGantryError,
  type Leadership,
  type Logger,
  toGantryError,
} from '@gantry/core';
import type { BusMessage } from '@gantry/core/contracts';
import { messages, type ServerMessage, type Subjects, subjects } from '@gantry/core/protocol';
import { z } from 'zod';
import type { ServerRegistry } from './server-registry.ts';
import { UNREACHABLE_MS } from './server-table.ts';
import { serverRegistryToken } from './servers.ts';

export interface ServerPresenceOptions {
  /** Name of this server among the others. */
  readonly identity: string;
  /** Interval between two messages, ms. */
  readonly heartbeatMs: number;
}

interface Parts {
  readonly registry: ServerRegistry;
  readonly cluster: ClusterInfo;
  readonly leadership: Leadership;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Announces this server to the others, and passes their announcements to the registry. */
export class ServerPresence implements Component {
  readonly name = 'server-presence';
  readonly #parts: Parts;
  readonly #logger: Logger;
  readonly #options: ServerPresenceOptions;
  readonly #subjects: Subjects;
  #unsubscribe: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #warned = false;

  constructor(parts: Parts, options: ServerPresenceOptions) {
    this.#parts = parts;
    this.#logger = parts.logger.child({ part: 'servers' });
    this.#options = options;
    this.#subjects = subjects(parts.cluster.name);
  }

  async start(): Promise<void> {
    const { registry, leadership, bus } = this.#parts;
    this.#unsubscribe = bus.subscribe(this.#subjects.servers('>'), (message) => this.#receive(message));
    registry.join({
      server: leadership.identity,
      name: this.#options.identity,
      leader: () => leadership.leader,
      changed: () => {
        if (this.#unsubscribe !== undefined) this.#publish(registry.message());
      },
    });
    this.#beat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#unsubscribe === undefined) return;
    this.#unsubscribe();
    this.#unsubscribe = undefined;
    this.#cancel?.();
    this.#publish({ ...this.#parts.registry.message(), gone: true });
  }

  #beat(): void {
    this.#publish(this.#parts.registry.message());
    this.#cancel = this.#parts.clock.after(this.#options.heartbeatMs, () => this.#beat());
  }

  #publish(message: ServerMessage): void {
    try {
      this.#parts.bus.publish(this.#subjects.servers(message.server), message);
    } catch (error) {
      if (isGantryError(error, 'CLOSED')) return;
      this.#logger.debug('failed to announce this server', { error: toGantryError(error) });
    }
  }

  #receive({ subject, payload }: BusMessage): void {
    try {
      const { registry } = this.#parts;
      const message = messages.server(payload);
      if (subject !== this.#subjects.servers(message.server))
        throw new GantryError('INVALID_OBJECT', `message of server "${message.server}" on "${subject}"`);
      // A server that has just started learns of this one immediately, not with its next message.
      if (registry.receive(message)) this.#publish(registry.message());
    } catch (error) {
      // Once: a sender of such messages sends many of them.
      if (!this.#warned) this.#logger.warn('rejected a message of a server', { error: toGantryError(error) });
      this.#warned = true;
    }
  }
}

/**
 * Plugin: makes this process one of several servers in `contracts.servers`. It publishes a message every `heartbeatMs`
 * (default 2,000, at most 3,000: a server is unreachable after 6 s without one), and one more when it starts or stops
 * leading, when another server appears, and when it is closed. `identity` is the name under which it is listed (default
 * `server`).
 */
export const serverPresence = definePlugin({
  name: 'component-server-presence',
  provides: contracts.component,
  needs: {
    registry: serverRegistryToken,
    cluster: contracts.cluster,
    leadership: contracts.leadership,
    bus: contracts.bus,
    clock: contracts.clock,
    logger: contracts.logger,
  },
  options: z.strictObject({
    heartbeatMs: z
      .int()
      .min(10)
      .max(UNREACHABLE_MS / 2)
      .default(2000),
    identity: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/)
      .default('server'),
  }),
  create: (options, needs) => new ServerPresence(needs, options),
});
