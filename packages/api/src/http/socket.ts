import type { WebSocket } from '@fastify/websocket';
import { GantryError, toGantryError } from '@gantry/core';
import { problemOf } from './problem.ts';

/** The subprotocol of exec and dial. */
export const SUBPROTOCOL = 'gantry.v1';

/** A message sent as text. */
export interface Message {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A WebSocket as two streams, each with backpressure. */
export class Socket {
  readonly #socket: WebSocket;
  readonly #windowBytes: number;
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #ended = false;
  #closed = false;
  #wake: () => void = () => {};
  #onMessage: (message: Message) => void = () => {};

  /**
   * `windowBytes`: maximum number of received bytes that wait here for their reader; beyond it, the sender is paused.
   */
  constructor(socket: WebSocket, windowBytes: number) {
    this.#socket = socket;
    this.#windowBytes = windowBytes;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    socket.on('error', () => undefined); // `close` follows
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  onClose(listener: () => void): void {
    this.#socket.on('close', listener);
    if (this.#closed) listener();
  }

  /** Sets the listener for messages other than `end`. */
  onMessage(listener: (message: Message) => void): void {
    this.#onMessage = listener;
  }

  /**
   * Yields the bytes from the other side until it sends `end`.
   * @throws `ABORTED` if the connection ends first.
   */
  async *bytes(): AsyncIterable<Uint8Array> {
    for (;;) {
      for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
        this.#queued -= data.length;
        if (this.#queued < this.#windowBytes && this.#socket.isPaused) this.#socket.resume();
        yield data;
      }
      if (this.#ended) return;
      if (this.#closed) throw new GantryError('ABORTED', 'the connection has ended before its input');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves once the data has been handed to the connection. */
  async send(data: Uint8Array | object): Promise<void> {
    if (this.#closed) throw new GantryError('UNAVAILABLE', 'the connection has ended');
    const frame = data instanceof Uint8Array ? data : JSON.stringify(data);
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(frame, (error) => {
        if (error) reject(new GantryError('UNAVAILABLE', 'the connection has ended', { cause: error }));
        else resolve();
      });
    });
  }

  /** Sends the error and closes. */
  async fail(error: unknown, request: string): Promise<void> {
    if (!this.#closed) {
      await this.send({ type: 'error', problem: problemOf(toGantryError(error), request) }).catch(
        () => undefined,
      );
    }
    this.close();
  }

  close(): void {
    this.#socket.resume();
    this.#socket.close(1000);
  }

  /** Terminates a connection whose other side does not answer `close`. */
  destroy(): void {
    this.#socket.terminate();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      if (this.#ended) return;
      this.#queue.push(data);
      this.#queued += data.length;
      if (this.#queued >= this.#windowBytes) this.#socket.pause();
      this.#wake();
      return;
    }
    const message = parse(data);
    if (message === undefined) this.#socket.close(1007, 'expected JSON with a type');
    else if (message.type !== 'end') this.#onMessage(message);
    else {
      this.#ended = true;
      this.#wake();
    }
  }
}

function parse(text: Buffer): Message | undefined {
  try {
    const value: unknown = JSON.parse(text.toString());
    const isMessage =
      typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
    return isMessage ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}
