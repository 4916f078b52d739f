import { type Bus, throwIfAborted } from '@gantry/core';
import { type AgentRequest, messages, type StreamRead, type StreamWritten } from '@gantry/core/protocol';

const CALL_MS = 30_000;
/** Input is written in pieces of at most this size, because messages on a bus are limited. */
const PIECE_BYTES = 128 * 1024;

/** A stream that an agent has opened for this process; every read is a request, so a slow reader slows the writer. */
export class AgentStream {
  readonly #bus: Bus;
  readonly #subject: string;
  readonly #id: string;

  private constructor(bus: Bus, subject: string, id: string) {
    this.#bus = bus;
    this.#subject = subject;
    this.#id = id;
  }

  static async open(
    bus: Bus,
    subject: string,
    request: AgentRequest,
    signal?: AbortSignal,
  ): Promise<AgentStream> {
    throwIfAborted(signal);
    const opened = messages.streamOpened(await bus.request(subject, request, { timeoutMs: CALL_MS }));
    return new AgentStream(bus, subject, opened.stream);
  }

  async read<Item>(signal?: AbortSignal): Promise<StreamRead<Item>> {
    return messages.streamRead(await this.#ask({ op: 'read', stream: this.#id }, signal)) as StreamRead<Item>;
  }

  /** Resolves once the agent has taken all of the data, which it does at the pace of the task. */
  async write(data: Uint8Array, signal?: AbortSignal): Promise<void> {
    for (let at = 0; at < data.length; at += PIECE_BYTES) {
      await this.#write(data.subarray(at, at + PIECE_BYTES), false, signal);
    }
  }

  /** Ends the input. */
  async end(signal?: AbortSignal): Promise<void> {
    await this.#write(new Uint8Array(), true, signal);
  }

  async #write(piece: Uint8Array, end: boolean, signal?: AbortSignal): Promise<void> {
    const data = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64');
    for (;;) {
      throwIfAborted(signal);
      const answer = await this.#ask({ op: 'write', stream: this.#id, data, end }, signal);
      if ((answer as StreamWritten | null)?.accepted !== false) return;
    }
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#ask({ op: 'resize', stream: this.#id, columns, rows });
  }

  async close(): Promise<void> {
    await this.#ask({ op: 'close', stream: this.#id }).catch(() => undefined); // it may be gone already
  }

  #ask(request: AgentRequest, signal?: AbortSignal): Promise<unknown> {
    const options = signal === undefined ? { timeoutMs: CALL_MS } : { timeoutMs: CALL_MS, signal };
    return this.#bus.request(this.#subject, request, options);
  }
}
