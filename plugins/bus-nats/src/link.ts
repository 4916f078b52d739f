import { aborted, type Clock, GantryError, type Logger, type Random, unlessAborted } from '@gantry/core';
import {
  AuthorizationError,
  type ConnectionOptions,
  connect,
  type NatsConnection,
  PermissionViolationError,
  type PublishOptions,
  type Status,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import { Backoff } from './backoff.ts';
import { authenticatorOf } from './credentials.ts';
import { firstGreeting, type Greeter } from './greeting.ts';
import type { Settings } from './options.ts';
import { Outflow } from './outflow.ts';
import { endpointText } from './server-url.ts';
import { tlsOptions } from './tls-options.ts';

/** A server that is silent for two pings, and one more wait, counts as lost: 4 to 6 s. */
const PING_MS = 2000;
const MAX_PINGS_OUT = 2;
/** For one try: the client does not notice a server that hangs up during the handshake. */
const DIAL_MS = 5000;
const DRAIN_MS = 2000;

export interface LinkParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called when the server says that something may not be published. */
  readonly onForbidden: (subject: string) => void;
  /** Called when the connection is lost: what was sent may have arrived. */
  readonly onLost: () => void;
}

/** The connection to one of the servers: made once, and made again for ever after it was lost. */
export class Link {
  readonly #parts: LinkParts;
  readonly #backoff: Backoff;
  readonly #outflow = new Outflow();
  readonly #ending = new AbortController();
  #connection: NatsConnection | undefined;
  #connected = false;
  #maxPayload = Number.POSITIVE_INFINITY;
  #lostAt = 0;
  #dropped = 0;
  #complained = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.random);
  }

  /** Once it was made, connected or not: it keeps subscriptions over losses. */
  get connection(): NatsConnection | undefined {
    return this.#connection?.isClosed() ? undefined : this.#connection;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Bytes of headers and payload that a message may have, as the server last said. */
  get maxPayload(): number {
    return this.#connection?.info?.max_payload ?? this.#maxPayload;
  }

  get servers(): string {
    return this.#parts.settings.servers.map(endpointText).join(', ');
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
    let reasons: readonly string[] = [`${this.servers} kept silent`];
    try {
      for (;;) {
        const greetings = await firstGreeting(settings.servers, ending);
        if (greetings.first !== undefined)
          return this.#adopt(await this.#connect(options, greetings.first, ending));
        reasons = greetings.reasons;
        this.#backoff.tried();
        await clock.sleep(this.#backoff.waitMs, ending);
      }
    } catch (error) {
      if (!deadline.signal.aborted || signal.aborted || this.#ending.signal.aborted) throw error;
      const within = `within ${settings.connectTimeoutMs} ms`;
      throw new GantryError('UNAVAILABLE', `bus-nats: no server answered ${within}: ${reasons.join(', ')}`);
    } finally {
      cancel();
    }
  }

  /** Hands a message to the server; false, and nothing is sent, when there is none that takes it. */
  send(subject: string, data: Uint8Array, options?: PublishOptions): boolean {
    if (!this.#connected || this.#connection === undefined || this.#outflow.full) return false;
    try {
      this.#connection.publish(subject, data, options);
    } catch {
      return false; // it is being closed
    }
    this.#outflow.add(this.#connection, data.length + subject.length);
    return true;
  }

  /** As {@link Link.send}, but waits for a server that is there and takes no more at the moment. */
  async sendWhenTaken(subject: string, data: Uint8Array, options?: PublishOptions): Promise<boolean> {
    while (this.#connected && this.#outflow.full) await this.#outflow.room();
    return this.send(subject, data, options);
  }

  /** Notes that a message was dropped. Said aloud only where nothing else tells that the server is gone. */
  drop(): void {
    this.#dropped++;
    if (!this.#connected || this.#complained) return;
    this.#complained = true;
    this.#parts.logger.warn('the server takes messages too slowly: some are dropped', this.#where());
  }

  /** Sends what is on its way, for at most 2 s, and ends the connection. */
  async close(): Promise<void> {
    this.#ending.abort(new GantryError('CLOSED', 'bus-nats: the bus was closed while it started'));
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

  async #connect(options: ConnectionOptions, greeter: Greeter, signal: AbortSignal): Promise<NatsConnection> {
    const { endpoint } = greeter;
    const others = this.#parts.settings.servers.filter((server) => server !== endpoint);
    try {
      // Of several servers the client tells only the last one's reason, and of one that hangs up during the handshake it
      // takes no notice if it is to reconnect. So the server that is there is tried alone, to know its reason at once.
      const trial = await dial({ ...options, servers: endpointText(endpoint), reconnect: false }, signal);
      await trial.close();
      return await dial({ ...options, servers: [endpoint, ...others].map(endpointText) }, signal);
    } catch (error) {
      throw signal.aborted ? error : refusal(greeter, error);
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
      reconnectDelayHandler: () => this.#backoff.waitMs,
      pingInterval: PING_MS,
      maxPingOut: MAX_PINGS_OUT,
      noAsyncTraces: true,
      ...(secure ? { tls: tlsOptions(this.#parts.settings) } : {}),
      ...(credentials === undefined ? {} : { authenticator: authenticatorOf(credentials) }),
    };
  }

  #adopt(connection: NatsConnection): NatsConnection {
    if (this.#ending.signal.aborted) {
      connection.close().catch(() => undefined);
      throw aborted(this.#ending.signal);
    }
    if (connection.info?.headers !== true) {
      connection.close().catch(() => undefined);
      throw new GantryError(
        'UNSUPPORTED',
        `bus-nats: ${connection.getServer()} is too old: it carries no headers`,
      );
    }
    this.#connection = connection;
    this.#connected = true;
    this.#maxPayload = connection.info.max_payload;
    this.#backoff.reset();
    this.#watch(connection);
    return connection;
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.#hear(connection, status);
  }

  #hear(connection: NatsConnection, status: Status): void {
    const { logger, clock } = this.#parts;
    switch (status.type) {
      case 'disconnect':
        if (!this.#connected) return; // one more try that failed
        this.#connected = false;
        this.#lostAt = clock.elapsed();
        if (!this.#ending.signal.aborted) logger.warn('the connection was lost', this.#where());
        this.#parts.onLost();
        return;
      case 'reconnecting':
        this.#backoff.tried();
        return;
      case 'reconnect': {
        if (this.#connected || connection.isClosed()) return;
        this.#connected = true;
        this.#maxPayload = this.maxPayload;
        const lostMs = Math.round(clock.elapsed() - this.#lostAt);
        const { tries } = this.#backoff;
        logger.info('the connection is back', { ...this.#where(), lostMs, tries, dropped: this.#dropped });
        this.#backoff.reset();
        this.#dropped = 0;
        this.#complained = false;
        return;
      }
      case 'error':
        this.#refused(status.error);
        return;
      default:
    }
  }

  #refused(error: Error): void {
    const { logger, onForbidden } = this.#parts;
    if (error instanceof PermissionViolationError) {
      if (error.operation !== 'publish') return; // its subscription tells
      logger.error('the server does not let us publish', { ...this.#where(), subject: error.subject });
      onForbidden(error.subject);
      return;
    }
    if (!this.#connected) {
      if (this.#complained) return; // each try says it again
      this.#complained = true;
    }
    logger.warn('the server refuses', { ...this.#where(), reason: error.message });
  }

  #where(): Readonly<Record<string, unknown>> {
    return { server: this.#connection?.getServer() ?? this.servers };
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

/** Why a server that is there could not be used. */
function refusal({ endpoint, wantsCertificate }: Greeter, error: unknown): GantryError {
  const server = endpointText(endpoint);
  if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError) {
    return new GantryError('UNAUTHENTICATED', `bus-nats: ${server} refuses the credentials`, {
      details: { server },
    });
  }
  const reason = error instanceof Error ? error.message : 'closed the connection';
  const hint = wantsCertificate ? ' (it wants a client certificate that it trusts)' : '';
  return new GantryError('UNAVAILABLE', `bus-nats: ${server}: ${reason}${hint}`, { details: { server } });
}

/** The client (3.3.1), closed while it connects to a server that keeps silent, leaves the socket open for good. */
function discardSocket(connection: NatsConnection): void {
  const { protocol } = connection as { protocol?: { transport?: { discard?(): void } } };
  protocol?.transport?.discard?.();
}
