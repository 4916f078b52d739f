import {
  type Clock,
  GantryError,
  isGantryError,
  type Logger,
  type Random,
  unlessAborted,
} from '@gantry/core';
import {
  AuthorizationError,
  type ConnectionOptions,
  connect,
  type NatsConnection,
  PermissionViolationError,
  type Status,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import { Backoff } from './backoff.ts';
import { authenticatorOf } from './credentials.ts';
import type { Settings } from './options.ts';
import { type Endpoint, endpointText } from './server-url.ts';
import { tlsOptions } from './tls-options.ts';

/** A server that is silent for two pings, and one more wait, counts as lost: 10 to 15 s. */
const PING_MS = 5000;
const MAX_PINGS_OUT = 2;
/** For one try at one server. */
const DIAL_MS = 3000;
const FLUSH_MS = 1000;
const FIRST_WAIT_MS = 100;
/** Those who connect to a store are few: servers, not agents. */
const LONGEST_WAIT_MS = 1000;

export interface LinkParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What hears of the connection. */
export interface LinkListener {
  /** There is one, for the first time or again. */
  connected(connection: NatsConnection): void;
  /** There is none any more; what was sent may have arrived. */
  lost(): void;
  /** The server says that something may not be published. */
  forbidden(subject: string): void;
}

/** The connection to one of the servers: made once, and made again for ever after it was lost. */
export class Link {
  readonly #parts: LinkParts;
  readonly #listener: LinkListener;
  readonly #backoff: Backoff;
  readonly #ending = new AbortController();
  #connection: NatsConnection | undefined;
  #connected = false;
  /** The client asks for it again and again, also without a try in between. */
  #waitMs = 0;
  #lostAt = 0;
  #complained = false;

  constructor(parts: LinkParts, listener: LinkListener) {
    this.#parts = parts;
    this.#listener = listener;
    this.#backoff = new Backoff(parts.random, FIRST_WAIT_MS, LONGEST_WAIT_MS);
  }

  /**
   * Connects, trying again until `connectTimeoutMs` are over.
   *
   * @throws `INVALID_OPTIONS` for a file that cannot be read, `UNAVAILABLE`, `UNAUTHENTICATED`, `ABORTED`, `CLOSED`.
   */
  async open(signal: AbortSignal): Promise<NatsConnection> {
    const { settings, clock } = this.#parts;
    const options = this.#options();
    const deadline = new AbortController();
    const cancel = clock.after(settings.connectTimeoutMs, () => deadline.abort());
    const ending = AbortSignal.any([signal, deadline.signal, this.#ending.signal]);
    const reasons = new Map<Endpoint, string>(settings.servers.map((server) => [server, 'kept silent']));
    try {
      for (;;) {
        for (const server of settings.servers) {
          const connection = await this.#connect(options, server, ending).catch((error: unknown) => {
            if (ending.aborted || isGantryError(error)) throw error;
            reasons.set(server, reasonOf(error));
          });
          if (connection !== undefined) return this.#adopt(connection);
        }
        await clock.sleep(this.#backoff.next(), ending);
      }
    } catch (error) {
      if (!deadline.signal.aborted || signal.aborted || this.#ending.signal.aborted) throw error;
      const told = [...reasons].map(([server, reason]) => `${endpointText(server)} ${reason}`);
      const within = `within ${settings.connectTimeoutMs} ms`;
      throw new GantryError('UNAVAILABLE', `store-nats: no server answered ${within}: ${told.join(', ')}`);
    } finally {
      cancel();
    }
  }

  /** Sends what is on its way, for at most 1 s, and ends the connection. */
  async close(): Promise<void> {
    this.#ending.abort(new GantryError('CLOSED', 'store-nats: the store was closed while it started'));
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#connected) {
      const late = new AbortController();
      const cancel = this.#parts.clock.after(FLUSH_MS, () => late.abort());
      await unlessAborted(connection.flush(), late.signal).catch(() => undefined);
      cancel();
    }
    this.#connected = false;
    await connection.close();
    discardSocket(connection);
  }

  /**
   * Of several servers the client tells only the last one's reason, and of one that hangs up during the handshake it takes
   * no notice if it is to reconnect. So a server is tried alone first.
   */
  async #connect(
    options: ConnectionOptions,
    server: Endpoint,
    signal: AbortSignal,
  ): Promise<NatsConnection | undefined> {
    const others = this.#parts.settings.servers.filter((other) => other !== server);
    try {
      const trial = await dial({ ...options, servers: endpointText(server), reconnect: false }, signal);
      await trial.close();
      return await dial({ ...options, servers: [server, ...others].map(endpointText) }, signal);
    } catch (error) {
      const refused = error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError;
      if (!refused || signal.aborted) throw error;
      const name = endpointText(server);
      const message = `store-nats: ${name} refuses the credentials`;
      throw new GantryError('UNAUTHENTICATED', message, { details: { server: name } });
    }
  }

  #options(): ConnectionOptions {
    const { credentials, secure, name, connectTimeoutMs } = this.#parts.settings;
    return {
      name,
      timeout: Math.min(DIAL_MS, connectTimeoutMs),
      noRandomize: true,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectDelayHandler: () => this.#waitMs,
      pingInterval: PING_MS,
      maxPingOut: MAX_PINGS_OUT,
      noAsyncTraces: true,
      ...(secure ? { tls: tlsOptions(this.#parts.settings) } : {}),
      ...(credentials === undefined ? {} : { authenticator: authenticatorOf(credentials) }),
    };
  }

  #adopt(connection: NatsConnection): NatsConnection {
    this.#connection = connection;
    this.#connected = true;
    this.#restUp();
    void this.#watch(connection);
    this.#listener.connected(connection);
    return connection;
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.#hear(connection, status);
  }

  #hear(connection: NatsConnection, status: Status): void {
    const { logger, clock } = this.#parts;
    const server = connection.getServer();
    if (status.type === 'disconnect' && this.#connected) {
      this.#connected = false;
      this.#lostAt = clock.elapsed();
      if (!this.#ending.signal.aborted) logger.warn('the connection was lost', { server });
      this.#listener.lost();
    } else if (status.type === 'reconnect' && !this.#connected && !connection.isClosed()) {
      this.#connected = true;
      logger.info('the connection is back', { server, lostMs: Math.round(clock.elapsed() - this.#lostAt) });
      this.#restUp();
      this.#complained = false;
      this.#listener.connected(connection);
    } else if (status.type === 'reconnecting') {
      this.#waitMs = this.#backoff.next();
    } else if (status.type === 'error') {
      this.#refused(server, status.error);
    }
  }

  #restUp(): void {
    this.#backoff.reset();
    this.#waitMs = this.#backoff.next();
  }

  #refused(server: string, error: Error): void {
    if (error instanceof PermissionViolationError && error.operation === 'publish') {
      this.#listener.forbidden(error.subject);
      return;
    }
    if (!this.#connected) {
      if (this.#complained) return; // each try says it again
      this.#complained = true;
    }
    this.#parts.logger.warn('the server refuses', { server, reason: error.message });
  }
}

/** Connects, unless the signal fires before. */
async function dial(options: ConnectionOptions, signal: AbortSignal): Promise<NatsConnection> {
  const connecting = connect(options);
  try {
    return await unlessAborted(connecting, signal);
  } catch (error) {
    if (signal.aborted) connecting.then((late) => late.close()).catch(() => undefined);
    throw error;
  }
}

/** In words what kept a connection from being made. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'closed the connection';
  const { code } = (error.cause ?? error) as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || error.message.includes('refused')) return 'refused the connection';
  if (code === 'ENOTFOUND') return 'is not known by that name';
  return `could not be used: ${error.message}`;
}

/** The client (3.3.1), closed while it connects to a server that keeps silent, leaves the socket open for good. */
function discardSocket(connection: NatsConnection): void {
  const { protocol } = connection as { protocol?: { transport?: { discard?(): void } } };
  protocol?.transport?.discard?.();
}
