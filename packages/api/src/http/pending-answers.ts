import type { ServerResponse } from 'node:http';

/** Smaller answers fit into the buffers of a connection. */
const SMALL_BYTES = 64 * 1024;

/**
 * Bounds the bytes of answers that their clients have not read yet: beyond that, connections are closed, beginning with
 * the one whose answer has waited the longest. An answer that is read is never waited for.
 */
export class PendingAnswers {
  readonly #limitBytes: number;
  readonly #onClosed: () => void;
  /** In the order in which they were sent. */
  readonly #pending = new Map<ServerResponse, number>();
  #bytes = 0;

  constructor(limitBytes: number, onClosed: () => void) {
    this.#limitBytes = limitBytes;
    this.#onClosed = onClosed;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** An answer of this size is about to be sent. */
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
