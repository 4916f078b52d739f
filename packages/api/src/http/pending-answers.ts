import type { ServerResponse } from 'node:http';

/** Smaller responses fit into the buffers of a connection. */
const SMALL_BYTES = 64 * 1024;

/**
 * Limits the bytes of responses that their clients have not read yet. Beyond the limit, connections are closed,
 * starting with the one whose response has been pending the longest. The server never waits for a client to read.
 */
export class PendingAnswers {
  readonly #limitBytes: number;
  readonly #onClosed: () => void;
  /** In the order in which the responses were sent. */
  readonly #pending = new Map<ServerResponse, number>();
  #bytes = 0;

  constructor(limitBytes: number, onClosed: () => void) {
    this.#limitBytes = limitBytes;
    this.#onClosed = onClosed;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Counts a response of this size that is about to be sent. */
  add(response: ServerResponse, bytes: number): void {
    if (bytes < SMALL_BYTES) return;
    this.#pending.set(response, bytes);
    this.#bytes += bytes;
    response.once('close', () => this.#remove(response));
    for (const oldest of this.#pending.keys()) {
      if (this.#bytes <= this.#limitBytes || oldest === response) break;
      this.#remove(oldest);
      this.#onClosed();
      oldest.destroy();
    }
  }

  #remove(response: ServerResponse): void {
    this.#bytes -= this.#pending.get(response) ?? 0;
    this.#pending.delete(response);
  }
}
