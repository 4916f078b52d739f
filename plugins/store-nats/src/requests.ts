import { type Clock, GantryError, toGantryError } from '@gantry/core';
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';

interface Waiting {
  readonly subject: string;
  readonly deadline: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: GantryError) => void;
}

/**
 * Requests to JetStream and their JSON replies. A request fails with `UNAVAILABLE` or `FORBIDDEN` if it reached no
 * server, and with `TIMEOUT` if that is unknown. No request is sent twice.
 */
export class Requests {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #inbox = `${createInbox()}.`;
  /** Pending requests by the last token of the reply subject; oldest first, and thus by deadline. */
  readonly #waiting = new Map<string, Waiting>();
  #connection: NatsConnection | undefined;
  #subscribed: NatsConnection | undefined;
  #count = 0;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Uses this connection for further requests; the client restores the subscription after a reconnect. */
  connected(connection: NatsConnection): void {
    this.#connection = connection;
    if (this.#subscribed === connection) return;
    this.#subscribed = connection;
    connection.subscribe(`${this.#inbox}*`, { callback: (error, message) => this.#hear(error, message) });
  }

  lost(): void {
    this.#connection = undefined;
    this.#failAll(new GantryError('TIMEOUT', 'store-nats: the connection was lost before the answer came'));
  }

  /** Fails the requests that wait for a reply on this subject, which the user may not receive. */
  forbidden(subject: string): void {
    const message = `store-nats: the server does not permit publishing to "${subject}"`;
    for (const [token, { subject: asked, reject }] of this.#waiting) {
      if (asked !== subject) continue;
      this.#waiting.delete(token);
      reject(new GantryError('FORBIDDEN', message, { details: { subject } }));
    }
  }

  close(): void {
    this.#closed = true;
    this.#connection = undefined;
    this.#failAll(closed());
    this.#cancelTimer?.();
  }

  ask<T>(subject: string, data: string, headers?: MsgHdrs): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) throw closed();
      if (this.#connection === undefined)
        throw new GantryError('UNAVAILABLE', 'store-nats: not connected to a server');
      const token = (this.#count++).toString(36);
      const reply = this.#inbox + token;
      try {
        this.#connection.publish(subject, data, headers === undefined ? { reply } : { reply, headers });
      } catch (error) {
        throw new GantryError('UNAVAILABLE', `store-nats: nothing can be sent: ${textOf(error)}`);
      }
      const deadline = this.#clock.elapsed() + this.#timeoutMs;
      this.#waiting.set(token, { subject, deadline, resolve: resolve as (answer: unknown) => void, reject });
      this.#cancelTimer ??= this.#clock.after(this.#timeoutMs, () => this.#expire());
    });
  }

  #hear(error: Error | null, message: Msg): void {
    if (error !== null) {
      // The client has dropped the subscription.
      this.#subscribed = undefined;
      this.#failAll(
        new GantryError('FORBIDDEN', 'store-nats: the server does not permit receiving its answers'),
      );
      return;
    }
    const token = message.subject.slice(this.#inbox.length);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return; // too late
    this.#waiting.delete(token);
    const { data } = message;
    if (data.length === 0 && message.headers?.code === 503) {
      waiting.reject(
        new GantryError('UNAVAILABLE', `store-nats: no responder at the moment (${waiting.subject})`),
      );
      return;
    }
    try {
      waiting.resolve(message.json());
    } catch (error) {
      waiting.reject(
        toGantryError(error, `store-nats: the answer from ${waiting.subject} is not valid JSON`),
      );
    }
  }

  #expire(): void {
    this.#cancelTimer = undefined;
    const now = this.#clock.elapsed();
    for (const [token, { subject, deadline, reject }] of this.#waiting) {
      if (deadline > now) {
        this.#cancelTimer = this.#clock.after(deadline - now, () => this.#expire());
        return;
      }
      this.#waiting.delete(token);
      const message = `store-nats: no answer within ${this.#timeoutMs} ms (${subject})`;
      reject(new GantryError('TIMEOUT', message));
    }
  }

  #failAll(error: GantryError): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of all) reject(error);
  }
}

function closed(): GantryError {
  return new GantryError('CLOSED', 'store-nats: the store is closed');
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
