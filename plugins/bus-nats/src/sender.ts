import type { Logger } from '@gantry/core';
import type { Link } from '@gantry/nats';
import type { NatsConnection, PublishOptions } from '@nats-io/transport-node';
import { Outflow } from './outflow.ts';

/** Sends messages while a server is connected and accepts them. */
export class Sender {
  readonly #link: Link;
  readonly #logger: Logger;
  readonly #outflow = new Outflow();
  #maxPayload = Number.POSITIVE_INFINITY;
  #dropped = 0;
  #complained = false;

  constructor(link: Link, logger: Logger) {
    this.#link = link;
    this.#logger = logger;
  }

  /** Maximum size of a message's headers and payload, in bytes, as last reported by the server. */
  get maxPayload(): number {
    return this.#link.connection?.info?.max_payload ?? this.#maxPayload;
  }

  /** Called when a connection is established, for the first time or again. */
  connected(connection: NatsConnection): void {
    this.#maxPayload = connection.info?.max_payload ?? this.#maxPayload;
    if (this.#dropped > 0)
      this.#logger.warn('messages were dropped while no server was connected', { dropped: this.#dropped });
    this.#dropped = 0;
    this.#complained = false;
  }

  /** Sends a message. Returns false, and sends nothing, if no server accepts it. */
  send(subject: string, data: Uint8Array, options?: PublishOptions): boolean {
    const { connection, connected } = this.#link;
    if (!connected || connection === undefined || this.#outflow.full) return false;
    try {
      connection.publish(subject, data, options);
    } catch {
      return false; // it is being closed
    }
    this.#outflow.add(connection, data.length + subject.length);
    return true;
  }

  /** As {@link Sender.send}, but waits while a connected server accepts no further messages. */
  async sendWhenTaken(subject: string, data: Uint8Array, options?: PublishOptions): Promise<boolean> {
    while (this.#link.connected && this.#outflow.full) await this.#outflow.room();
    return this.send(subject, data, options);
  }

  /** Counts a dropped message. Logged only if nothing else reports that the server is gone. */
  drop(): void {
    this.#dropped++;
    if (!this.#link.connected || this.#complained) return;
    this.#complained = true;
    const server = this.#link.connection?.getServer();
    this.#logger.warn('the server takes messages too slowly: some are dropped', { server });
  }
}
