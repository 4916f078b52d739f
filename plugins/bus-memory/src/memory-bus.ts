import {
  aborted,
  type Bus,
  type Clock,
  contracts,
  definePlugin,
  GantryError,
  type Logger,
  toGantryError,
} from '@gantry/core';
import type { BusMessage, SubscribeOptions, Unsubscribe } from '@gantry/core/contracts';
import { Interest, type Member } from './interest.ts';
import { checkSubject } from './subject.ts';

type Handler = (message: BusMessage) => unknown;
type Responder = (message: BusMessage) => Promise<unknown>;

/** A message in flight to one subscriber; `deliver` does not throw. */
interface Delivery {
  readonly deliver: (member: Member<Handler>, message: BusMessage) => void;
  readonly member: Member<Handler>;
  readonly message: BusMessage;
}

/** The bus of one process. Payloads are shared by reference: the sender must not modify one after sending it. */
export class MemoryBus implements Bus {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #subscribers = new Interest<Handler>();
  readonly #responders = new Interest<Responder>();
  /** Functions that each fail one pending request. */
  readonly #asking = new Set<(error: GantryError) => void>();
  #queue: Delivery[] = [];
  #closed = false;

  /** Creates a bus; `logger` receives the errors that handlers throw. */
  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  get connected(): boolean {
    return !this.#closed;
  }

  publish(subject: string, payload: unknown): void {
    this.#enter();
    checkSubject(subject);
    const message: BusMessage = { subject, payload: payload ?? null };
    this.#subscribers.match(subject, (member) => this.#send(this.#notify, member, message));
  }

  subscribe(
    pattern: string,
    handler: (message: BusMessage) => void,
    options?: SubscribeOptions,
  ): Unsubscribe {
    this.#enter();
    return this.#subscribers.add(pattern, handler, options);
  }

  async request(
    subject: string,
    payload: unknown,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<unknown> {
    this.#enter();
    checkSubject(subject);
    const { timeoutMs, signal } = options;
    if (signal?.aborted) throw aborted(signal);
    return await new Promise((resolve, reject) => {
      const settle = (): void => {
        cancel?.();
        signal?.removeEventListener('abort', onAbort);
        this.#asking.delete(fail);
      };
      const answer = (value: unknown): void => {
        settle();
        resolve(value ?? null);
      };
      const fail = (error: unknown): void => {
        settle();
        reject(error);
      };
      const onAbort = (): void => fail(aborted(signal as AbortSignal));
      const ask = (member: Member<Handler>, message: BusMessage): void => {
        call(member.handler, message).then(answer, (error) => fail(toGantryError(error)));
      };
      const message: BusMessage = { subject, payload: payload ?? null };
      let cancel: (() => void) | undefined;
      const heard = this.#responders.match(subject, (member) => this.#send(ask, member, message));
      if (!heard) {
        reject(new GantryError('UNAVAILABLE', `bus-memory: no responder for "${subject}"`));
        return;
      }
      const late = `bus-memory: no answer on "${subject}" within ${timeoutMs} ms`;
      cancel = this.#clock.after(timeoutMs, () => fail(new GantryError('TIMEOUT', late)));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#asking.add(fail);
    });
  }

  respond(
    pattern: string,
    handler: (message: BusMessage) => Promise<unknown>,
    options?: SubscribeOptions,
  ): Unsubscribe {
    this.#enter();
    return this.#responders.add(pattern, handler, options);
  }

  /** Ends every subscription; later calls fail with `CLOSED`. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#subscribers.clear();
    this.#responders.clear();
    for (const fail of [...this.#asking]) fail(closed());
  }

  #enter(): void {
    if (this.#closed) throw closed();
  }

  #send(deliver: Delivery['deliver'], member: Member<Handler>, message: BusMessage): void {
    if (this.#queue.push({ deliver, member, message }) === 1) queueMicrotask(() => this.#drain());
  }

  /** Delivers everything sent in the meantime in one microtask. */
  #drain(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { deliver, member, message } of queue) {
      if (this.#closed) return;
      deliver(member, message);
    }
  }

  readonly #notify = (member: Member<Handler>, message: BusMessage): void => {
    if (member.ended) return;
    try {
      const result = member.handler(message);
      if (result instanceof Promise) result.catch((error) => this.#complain(message, error));
    } catch (error) {
      this.#complain(message, error);
    }
  };

  #complain(message: BusMessage, error: unknown): void {
    this.#logger.error('a subscriber threw', { plugin: 'bus-memory', subject: message.subject, error });
  }
}

/** An error that the responder throws synchronously counts as its reply, too. */
async function call(handler: Handler, message: BusMessage): Promise<unknown> {
  return await handler(message);
}

function closed(): GantryError {
  return new GantryError('CLOSED', 'bus-memory: the bus is closed');
}

/** Plugin: the bus of one process, for `contracts.bus`. */
export const memoryBus = definePlugin({
  name: 'bus-memory',
  provides: contracts.bus,
  needs: { clock: contracts.clock, logger: contracts.logger },
  create: (_, { clock, logger }) => new MemoryBus(clock, logger),
});
