import { aborted, type Clock, GantryError, type Logger, type Random, unlessAborted } from '@gantry/core';
import { Backoff } from '@gantry/core/primitives';
import {
  AuthorizationError,
  type ConnectionOptions,
  connect,
  type NatsConnection,
  PermissionViolationError,
  type Status,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import type { NatsConnectionSettings } from './connection-options.ts';
import { authenticatorOf } from './credentials.ts';
import { firstGreeting, type Greeter } from './greeting.ts';
import { endpointText } from './server-url.ts';
import { tlsOptions } from './tls-options.ts';

const MAX_PINGS_OUT = 2;
/** Timeout of one attempt: the client does not notice a server that hangs up during the handshake. */
const DIAL_MS = 5000;
const DRAIN_MS = 2000;
const FIRST_WAIT_MS = 100;

export interface LinkParts {
  /** The plugin that owns the link; its errors begin with this name. */
  readonly plugin: string;
  readonly settings: NatsConnectionSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A server that is unresponsive for two pings, and one more interval, counts as lost. ms */
  readonly pingMs: number;
  /** Maximum delay between two attempts to reconnect; the first is 100 ms. ms */
  readonly longestWaitMs: number;
}

/** Receives the changes of the connection. */
export interface LinkListener {
  /** The connection is established, for the first time or again. */
  connected(connection: NatsConnection): void;
  /** The connection is lost; sent messages may have arrived. */
  lost(): void;
  /** The server does not permit publishing to this subject. */
  forbidden(subject: string): void;
}

/** The connection to one of the servers: established once, and re-established indefinitely after each loss. */
export class Link {
  readonly #parts: LinkParts;
  readonly #listener: LinkListener;
  readonly #backoff: Backoff;
  readonly #ending = new AbortController();
  #connection: NatsConnection | undefined;
  #connected = false;
  /** The client queries the delay repeatedly, also without an attempt in between. */
  #waitMs = 0;
  #lostAt = 0;
  #tries = 0;
  #complained = false;

  constructor(parts: LinkParts, listener: LinkListener) {
    this.#parts = parts;
    this.#listener = listener;
    this.#backoff = new Backoff(parts.random, FIRST_WAIT_MS, parts.longestWaitMs);
  }

  /** The connection once it was established, even while disconnected: it keeps subscriptions across losses. */
  get connection(): NatsConnection | undefined {
    return this.#connection?.isClosed() ? undefined : this.#connection;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** The servers of the options, as text. */
  get servers(): string {
    return this.#parts.settings.servers.map(endpointText).join(', ');
  }

  /**
   * Connects, retrying until `connectTimeoutMs` is over.
   *
   * @throws `INVALID_OPTIONS` for a file that cannot be read, `UNAVAILABLE`, `UNAUTHENTICATED`, `ABORTED`, `CLOSED`.
   */
  async open(signal: AbortSignal): Promise<NatsConnection> {
    const { settings, clock } = this.#parts;
    const options = this.#options();
    const deadline = new AbortController();
    const cancel = clock.after(settings.connectTimeoutMs, () => deadline.abort());
    const ending = AbortSignal.any([signal, deadline.signal, this.#ending.signal]);
    let reasons: readonly string[] = [`${this.servers} did not respond`];
    try {
      for (;;) {
        const greetings = await firstGreeting(settings.servers, ending);
        if (greetings.first !== undefined)
          return this.#adopt(await this.#connect(options, greetings.first, ending));
        reasons = greetings.reasons;
        await clock.sleep(this.#backoff.next(), ending);
      }
    } catch (error) {
      if (!deadline.signal.aborted || signal.aborted || this.#ending.signal.aborted) throw error;
      const within = `within ${settings.connectTimeoutMs} ms`;
      throw this.#error('UNAVAILABLE', `no server answered ${within}: ${reasons.join(', ')}`);
    } finally {
      cancel();
    }
  }

  /** Sends pending messages, for at most 2 s, and closes the connection. */
  async close(): Promise<void> {
    this.#ending.abort(this.#error('CLOSED', 'closed while it started'));
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#connected) {
      const late = new AbortController();
      const cancel = this.#parts.clock.after(DRAIN_MS, () => late.abort());
      await unlessAborted(connection.drain(), late.signal).catch(() => undefined);
      cancel();
    }
    this.#connected = false;
    await connection.close();
    discardSocket(connection);
  }

  /**
   * Connects to the server that greeted. It is tried alone first, to learn the reason of a failure at once: of several
   * servers the client reports only the reason of the last, and with reconnecting enabled it does not notice a server
   * that hangs up during the handshake.
   */
  async #connect(options: ConnectionOptions, greeter: Greeter, signal: AbortSignal): Promise<NatsConnection> {
    const { endpoint } = greeter;
    const others = this.#parts.settings.servers.filter((server) => server !== endpoint);
    try {
      const trial = await dial({ ...options, servers: endpointText(endpoint), reconnect: false }, signal);
      await trial.close();
      return await dial({ ...options, servers: [endpoint, ...others].map(endpointText) }, signal);
    } catch (error) {
      throw signal.aborted ? error : this.#refusal(greeter, error);
    }
  }

  #options(): ConnectionOptions {
    const { plugin, settings, pingMs } = this.#parts;
    const { credentials, secure, name, inboxPrefix, connectTimeoutMs } = settings;
    return {
      name,
      inboxPrefix,
      timeout: Math.min(DIAL_MS, connectTimeoutMs),
      noRandomize: true,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectDelayHandler: () => this.#waitMs,
      pingInterval: pingMs,
      maxPingOut: MAX_PINGS_OUT,
      noAsyncTraces: true,
      ...(secure ? { tls: tlsOptions(settings, plugin) } : {}),
      ...(credentials === undefined ? {} : { authenticator: authenticatorOf(credentials, plugin) }),
    };
  }

  #adopt(connection: NatsConnection): NatsConnection {
    if (this.#ending.signal.aborted) {
      connection.close().catch(() => undefined);
      throw aborted(this.#ending.signal);
    }
    this.#connection = connection;
    this.#rested();
    this.#watch(connection);
    this.#listener.connected(connection);
    return connection;
  }

  /** Notes an established connection: the next loss starts with the first delay again. */
  #rested(): void {
    this.#connected = true;
    this.#complained = false;
    this.#tries = 0;
    this.#backoff.reset();
    this.#waitMs = this.#backoff.next();
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.#hear(connection, status);
  }

  #hear(connection: NatsConnection, status: Status): void {
    const { logger, clock } = this.#parts;
    const server = connection.getServer();
    switch (status.type) {
      case 'disconnect':
        if (!this.#connected) return; // one more try that failed
        this.#connected = false;
        this.#lostAt = clock.elapsed();
        if (!this.#ending.signal.aborted) logger.warn('the connection was lost', { server });
        this.#listener.lost();
        return;
      case 'reconnecting':
        this.#tries++;
        this.#waitMs = this.#backoff.next();
        return;
      case 'reconnect': {
        if (this.#connected || connection.isClosed()) return;
        const lostMs = Math.round(clock.elapsed() - this.#lostAt);
        logger.info('the connection is back', { server, lostMs, tries: this.#tries });
        this.#rested();
        this.#listener.connected(connection);
        return;
      }
      case 'error':
        this.#refused(server, status.error);
        return;
      default:
    }
  }

  #refused(server: string, error: Error): void {
    const { logger } = this.#parts;
    if (error instanceof PermissionViolationError) {
      if (error.operation !== 'publish') return; // its subscription tells
      logger.error('the server does not permit publishing', { server, subject: error.subject });
      this.#listener.forbidden(error.subject);
      return;
    }
    if (!this.#connected) {
      if (this.#complained) return; // each attempt reports it again
      this.#complained = true;
    }
    logger.warn('the server refuses', { server, reason: error.message });
  }

  /** Returns why a responding server could not be used. */
  #refusal({ endpoint, wantsCertificate }: Greeter, error: unknown): GantryError {
    const server = endpointText(endpoint);
    if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError)
      return this.#error('UNAUTHENTICATED', `${server} rejects the credentials`, server);
    const reason = error instanceof Error ? error.message : 'closed the connection';
    const hint = wantsCertificate ? ' (it requires a trusted client certificate)' : '';
    return this.#error('UNAVAILABLE', `${server}: ${reason}${hint}`, server);
  }

  #error(code: 'UNAVAILABLE' | 'UNAUTHENTICATED' | 'CLOSED', what: string, server?: string): GantryError {
    const details = server === undefined ? {} : { details: { server } };
    return new GantryError(code, `${this.#parts.plugin}: ${what}`, details);
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

/**
 * Closes the socket that the client (3.3.1) leaves open for good when it is closed while connecting to an unresponsive
 * server.
 */
function discardSocket(connection: NatsConnection): void {
  const { protocol } = connection as { protocol?: { transport?: { discard?(): void } } };
  protocol?.transport?.discard?.();
}
