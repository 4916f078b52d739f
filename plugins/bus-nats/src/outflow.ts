import type { NatsConnection } from '@nats-io/transport-node';

/** Bytes sent between two requests for a confirmation by the server. */
const CONFIRM_BYTES = 2 ** 20;
/** Maximum number of unconfirmed bytes; all of them are held in memory. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * Counts bytes that the server has not confirmed yet, so that a server that stops reading cannot exhaust the memory.
 */
export class Outflow {
  #bytes = 0;
  #confirming = false;
  #waiting: (() => void)[] = [];

  get full(): boolean {
    return this.#bytes >= MAX_BYTES;
  }

  add(connection: NatsConnection, bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= CONFIRM_BYTES && !this.#confirming) this.#confirm(connection);
  }

  /** Resolves when some of the bytes are confirmed or lost. */
  room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #confirm(connection: NatsConnection): void {
    const bytes = this.#bytes;
    const settle = (left: number): void => {
      this.#confirming = false;
      this.#bytes = left;
      if (left >= CONFIRM_BYTES) this.#confirm(connection);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    };
    this.#confirming = true;
    connection.flush().then(
      () => settle(this.#bytes - bytes),
      () => settle(0), // the connection was lost, and what was on its way with it
    );
  }
}
