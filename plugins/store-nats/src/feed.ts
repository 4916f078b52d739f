import type { Clock } from '@gantry/core';
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { Bucket } from './bucket.ts';
import { type Delivery, parseDelivery } from './delivery.ts';

const HEARTBEAT_MS = 1000;
/** Interval between two checks for received messages, in ms: 2 to 4 s without any is too long. */
const SILENCE_MS = 2000;
/** Time after which the server deletes a consumer without a subscriber, in ms. */
const IDLE_MS = 5000;

export interface FeedOptions {
  readonly bucket: Bucket;
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly onMessage: (message: Msg, delivery: Delivery) => void;
}

/**
 * Delivers the messages of a bucket from a sequence on, in order and without a gap that the server does not know of,
 * for as long as that is certain. It uses one consumer, which is never repaired.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #done: Promise<string>;
  #resolve!: (why: string) => void;
  #subscription: Subscription | undefined;
  #consumer: string | undefined;
  #count = 0;
  #heard = true;
  #cancelTimer: (() => void) | undefined;
  #ended = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** The name of its consumer, once there is one. */
  get consumer(): string | undefined {
    return this.#consumer;
  }

  /**
   * Runs until it is ended or can no longer be sure, and returns the reason. @throws the server's error if it cannot
   * begin.
   */
  async run(from: number): Promise<string> {
    const { bucket, connection } = this.#options;
    const deliverTo = createInbox();
    try {
      const callback = (error: Error | null, message: Msg): void =>
        error === null ? this.#hear(message) : this.end('the server does not permit listening');
      this.#subscription = connection.subscribe(deliverTo, { callback });
      const made = bucket.consume({ from, deliverTo, heartbeatMs: HEARTBEAT_MS, idleMs: IDLE_MS });
      this.#consumer = await Promise.race([made, this.#done.then(() => undefined)]);
      if (this.#consumer === undefined) {
        // The feed ended first: a consumer that is still created is deleted.
        made.then((name) => bucket.endConsumer(name)).catch(() => undefined);
      } else {
        this.#wait();
      }
      return await this.#done;
    } finally {
      this.end('it could not begin');
    }
  }

  end(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimer?.();
    try {
      this.#subscription?.unsubscribe();
    } catch {
      // the connection is closed
    }
    if (this.#consumer !== undefined) this.#options.bucket.endConsumer(this.#consumer).catch(() => undefined);
    this.#resolve(why);
  }

  #hear(message: Msg): void {
    if (this.#ended) return;
    this.#heard = true;
    const { reply } = message;
    const delivery = reply ? parseDelivery(reply) : undefined;
    if (delivery === undefined) {
      this.#control(message);
      return;
    }
    if (delivery.count !== ++this.#count) {
      this.end(`message ${this.#count} of the consumer is missing`);
      return;
    }
    this.#options.onMessage(message, delivery);
  }

  /** Handles a control message: flow control expects a reply; a heartbeat carries the number of messages sent. */
  #control(message: Msg): void {
    const { headers, reply } = message;
    if (headers === undefined || headers.code !== 100) {
      this.end(`the server ended it: ${headers?.code ?? ''} ${headers?.description ?? ''}`);
      return;
    }
    if (reply) message.respond();
    const stalled = headers.get('Nats-Consumer-Stalled');
    if (stalled) this.#options.connection.publish(stalled);
    const sent = headers.get('Nats-Last-Consumer');
    if (sent !== '' && Number(sent) > this.#count)
      this.end(`message ${this.#count + 1} of the consumer is missing`);
  }

  #wait(): void {
    this.#cancelTimer = this.#options.clock.after(SILENCE_MS, () => {
      if (!this.#heard) this.end('the server has fallen silent');
      if (this.#ended) return;
      this.#heard = false;
      this.#wait();
    });
  }
}
