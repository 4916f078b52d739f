import {
  type Bus,
  type Clock,
  contracts,
  definePlugin,
  GantryError,
  type Lifecycle,
  type Logger,
  type Random,
  throwIfAborted,
  toGantryError,
} from '@gantry/core';
import type { BusMessage, SubscribeOptions, Unsubscribe } from '@gantry/core/contracts';
import { Link, toConnection } from '@gantry/nats';
import type { Msg } from '@nats-io/transport-node';
import { sendAnswer } from './answer.ts';
import { Asking } from './asking.ts';
import { Listener } from './listener.ts';
import { type NatsBusOptions, optionsSchema } from './options.ts';
import { Sender } from './sender.ts';
import { checkSubject } from './subject.ts';
import { decode, encode } from './wire.ts';

const PLUGIN = 'bus-nats';
/** Ping interval, in ms. An unresponsive server counts as lost after 4 to 6 s. */
const PING_MS = 2000;
const LONGEST_WAIT_MS = 5000;

/** The contracts that the bus uses. */
export interface NatsBusNeeds {
  /** Measures timeouts and reconnection delays. */
  readonly clock: Clock;
  /** Spreads reconnection delays. */
  readonly random: Random;
  /** Receives connection events and the errors that handlers throw. */
  readonly logger: Logger;
}

/** The bus of all processes that are connected to the same NATS servers. */
export class NatsBus implements Bus, Lifecycle {
  readonly #logger: Logger;
  readonly #link: Link;
  readonly #sender: Sender;
  readonly #asking: Asking;
  readonly #listeners = new Set<Listener>();
  #closing: Promise<void> | undefined;

  /** Creates a bus that connects in `start`. */
  constructor({ clock, random, logger }: NatsBusNeeds, options: NatsBusOptions = {}) {
    const settings = toConnection(optionsSchema.parse(options));
    this.#logger = logger.child({ plugin: PLUGIN });
    const parts = { plugin: PLUGIN, settings, clock, random, logger: this.#logger };
    this.#link = new Link(
      { ...parts, pingMs: PING_MS, longestWaitMs: LONGEST_WAIT_MS },
      {
        connected: (connection) => this.#sender.connected(connection),
        lost: () => {
          const message =
            'bus-nats: the connection was lost before an answer came: the request may have been carried out';
          this.#asking.fail(new GantryError('TIMEOUT', message));
        },
        forbidden: (subject) => {
          const message = `bus-nats: the server does not permit publishing to "${subject}"`;
          this.#asking.fail(new GantryError('FORBIDDEN', message), subject);
        },
      },
    );
    this.#sender = new Sender(this.#link, this.#logger);
    this.#asking = new Asking(this.#link, this.#sender, clock, settings.inboxPrefix);
  }

  /**
   * Connects.
   *
   * @throws `UNAVAILABLE` if no server can be reached in time, `UNAUTHENTICATED` if one rejects the credentials,
   * `UNSUPPORTED` for a server without headers, `INVALID_OPTIONS` for an unusable file named in the options, `ABORTED`,
   * `CLOSED`.
   */
  async start(signal: AbortSignal): Promise<void> {
    this.#enter();
    throwIfAborted(signal);
    const connection = await this.#link.open(signal);
    if (connection.info?.headers !== true) {
      const message = `bus-nats: ${connection.getServer()} is too old: it carries no headers`;
      throw new GantryError('UNSUPPORTED', message);
    }
    for (const listener of this.#listeners) listener.attach(connection);
  }

  get connected(): boolean {
    return this.#closing === undefined && this.#link.connected;
  }

  publish(subject: string, payload: unknown): void {
    this.#enter();
    checkSubject(subject);
    const data = this.#encode(subject, payload, this.#sender.maxPayload);
    if (!this.#sender.send(subject, data)) this.#sender.drop();
  }

  subscribe(
    pattern: string,
    handler: (message: BusMessage) => void,
    options?: SubscribeOptions,
  ): Unsubscribe {
    return this.#listen(pattern, options?.group, options?.group !== undefined, (message) => {
      if (message.reply) return; // a question: for responders
      const heard = this.#read(message);
      if (heard === undefined) return;
      const { subject } = message;
      const complain = (error: unknown): void => this.#logger.error('a subscriber threw', { subject, error });
      try {
        const result: unknown = handler(heard);
        if (result instanceof Promise) result.catch(complain);
      } catch (error) {
        complain(error);
      }
    });
  }

  async request(
    subject: string,
    payload: unknown,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<unknown> {
    this.#enter();
    checkSubject(subject);
    throwIfAborted(options.signal);
    return await this.#asking.ask(subject, this.#encode(subject, payload, this.#asking.maxBytes), options);
  }

  respond(
    pattern: string,
    handler: (message: BusMessage) => Promise<unknown>,
    options?: SubscribeOptions,
  ): Unsubscribe {
    return this.#listen(pattern, options?.group, true, (message) => {
      if (!message.reply) return; // published: for subscribers
      const heard = this.#read(message);
      const answer =
        heard === undefined ? Promise.reject(noJson(message.subject)) : call(handler, heard).then(encode);
      answer.then(
        (data) => sendAnswer(this.#sender, message, data),
        (error) => sendAnswer(this.#sender, message, toGantryError(error)),
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#listeners.clear();
    this.#asking.fail(closed());
    await this.#link.close();
  }

  #enter(): void {
    if (this.#closing !== undefined) throw closed();
  }

  #listen(
    pattern: string,
    group: string | undefined,
    drains: boolean,
    deliver: (message: Msg) => void,
  ): Unsubscribe {
    this.#enter();
    const listener = new Listener({
      pattern,
      group,
      drains,
      deliver: (message) => this.#closing === undefined && deliver(message),
      onRefused: () => this.#logger.error('the server does not permit subscribing', { pattern }),
    });
    this.#listeners.add(listener);
    const { connection } = this.#link;
    if (connection !== undefined) listener.attach(connection);
    return () => {
      this.#listeners.delete(listener);
      listener.end(this.#link.connected);
    };
  }

  #encode(subject: string, payload: unknown, limit: number): Uint8Array {
    const data = encode(payload);
    if (data.length <= limit) return data;
    const sizes = `${data.length} bytes, more than the ${limit} the server takes`;
    throw new GantryError('EXHAUSTED', `bus-nats: the message to "${subject}" has ${sizes}`, {
      details: { subject, bytes: data.length, limit },
    });
  }

  /** Decodes a message. Undefined, after a warning in the log, if another client has sent invalid JSON. */
  #read(message: Msg): BusMessage | undefined {
    try {
      return { subject: message.subject, payload: decode(message.data) };
    } catch {
      this.#logger.warn('ignored a message that is not valid JSON', { subject: message.subject });
      return undefined;
    }
  }
}

/** An error that the responder throws synchronously counts as its reply, too. */
async function call(
  handler: (message: BusMessage) => Promise<unknown>,
  message: BusMessage,
): Promise<unknown> {
  return await handler(message);
}

function noJson(subject: string): GantryError {
  return new GantryError('INVALID_OBJECT', `bus-nats: the request on "${subject}" is not valid JSON`);
}

function closed(): GantryError {
  return new GantryError('CLOSED', 'bus-nats: the bus is closed');
}

/** Plugin: a bus over NATS, for `contracts.bus`. */
export const natsBus = definePlugin({
  name: 'bus-nats',
  provides: contracts.bus,
  needs: { clock: contracts.clock, random: contracts.random, logger: contracts.logger },
  options: optionsSchema,
  create: (options, needs) => new NatsBus(needs, options),
});
