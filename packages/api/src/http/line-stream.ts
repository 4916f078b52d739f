import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

export const NDJSON_TYPE = 'application/x-ndjson';

/** A response that is streamed line by line, with backpressure. */
export class LineStream {
  readonly #response: ServerResponse;
  #blocked = false;
  #onDrain: () => void = () => {};
  #onClose: () => void = () => {};

  /** Takes over the reply and sends its head. */
  constructor(reply: FastifyReply) {
    const headers = reply.getHeaders();
    reply.hijack();
    this.#response = reply.raw;
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) this.#response.setHeader(name, value);
    }
    this.#response.writeHead(200, { 'content-type': NDJSON_TYPE });
    this.#response.flushHeaders();
    this.#response.socket?.setNoDelay(true);
    this.#response.on('drain', () => {
      this.#blocked = false;
      this.#onDrain();
    });
    this.#response.on('error', () => undefined); // `close` follows
    this.#response.on('close', () => {
      this.#blocked = false;
      this.#onClose();
      this.#onDrain();
    });
  }

  /** Whether the reader has not consumed the previous writes yet; write nothing more until `onDrain`. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether the client has disconnected or the response has ended. */
  get closed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
    if (this.closed) listener();
  }

  write(lines: Buffer | string): void {
    if (!this.closed && !this.#response.write(lines)) this.#blocked = true;
  }

  /** Writes, and resolves once the reader has caught up. */
  async send(lines: Buffer | string): Promise<void> {
    this.write(lines);
    if (!this.#blocked || this.closed) return;
    await new Promise<void>((resolve) => this.onDrain(resolve));
  }

  end(last: object): void {
    if (!this.closed) this.#response.end(`${JSON.stringify(last)}\n`);
  }

  destroy(): void {
    this.#response.destroy();
  }
}
