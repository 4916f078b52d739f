import {
  type AgentRequest,
  type Clock,
  type ExecSession,
  GantryError,
  type Random,
  type Runtime,
  type RuntimeLogLine,
  randomId,
  type StatsReply,
  type StreamOpened,
  type StreamRead,
  toGantryError,
  type WireChunk,
} from '@gantry/core';
import { dialTcp } from './dial-tcp.ts';

/** A reader that asks finds something within this time, or an empty answer. */
const LONG_POLL_MS = 10_000;
/** A stream nobody reads any more is closed. */
const ABANDONED_MS = 60_000;

interface Stream {
  readonly next: () => Promise<StreamRead>;
  readonly stdin: Pushable | undefined;
  readonly session: ExecSession | undefined;
  readonly stop: AbortController;
  cancelAbandon: () => void;
}

/** What the agent knows of its tasks. */
export interface TaskFacts {
  /** Where a port of a task is reached from this machine. @throws `NOT_FOUND` for a task that does not run here. */
  addressOf(task: string, port: number): { readonly address: string; readonly port: number };
  stats(): Promise<StatsReply['stats']>;
}

/** Answers what the control plane asks of a node's tasks: logs, exec and connections are streams, read piece by piece. */
export class StreamServer {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tasks: TaskFacts;
  readonly #streams = new Map<string, Stream>();

  constructor(runtime: Runtime, clock: Clock, random: Random, tasks: TaskFacts) {
    this.#tasks = tasks;
    this.#runtime = runtime;
    this.#clock = clock;
    this.#random = random;
  }

  async answer(request: AgentRequest): Promise<StreamOpened | StreamRead | StatsReply | null> {
    switch (request.op) {
      case 'logs':
        return this.#openLogs(request);
      case 'exec':
        return this.#openExec(request);
      case 'dial':
        return this.#openDial(request);
      case 'stats':
        return { stats: await this.#tasks.stats() };
      case 'read':
        return this.#read(request.stream);
      case 'write': {
        const { stdin } = this.#stream(request.stream);
        if (request.data !== '') stdin?.push(Buffer.from(request.data, 'base64'));
        if (request.end) stdin?.end();
        return null;
      }
      case 'resize':
        await this.#stream(request.stream).session?.resize(request.columns, request.rows);
        return null;
      case 'close':
        this.#close(request.stream);
        return null;
    }
  }

  closeAll(): void {
    for (const id of [...this.#streams.keys()]) this.#close(id);
  }

  #openLogs({ task, follow, tail, since }: AgentRequest & { op: 'logs' }): StreamOpened {
    if (this.#runtime.logs === undefined) throw new GantryError('UNSUPPORTED', 'the runtime keeps no logs');
    const stop = new AbortController();
    const lines = this.#runtime.logs(task, {
      follow,
      signal: stop.signal,
      ...(tail === undefined ? {} : { tail }),
      ...(since === undefined ? {} : { since }),
    });
    const iterator = lines[Symbol.asyncIterator]();
    const next = reader<readonly RuntimeLogLine[], RuntimeLogLine>(iterator, this.#clock, (batch) => batch);
    return this.#keep({ next, stdin: undefined, session: undefined, stop });
  }

  async #openExec({ task, command, env, tty }: AgentRequest & { op: 'exec' }): Promise<StreamOpened> {
    if (this.#runtime.exec === undefined) throw new GantryError('UNSUPPORTED', 'the runtime cannot exec');
    const stop = new AbortController();
    const stdin = new Pushable();
    const session = await this.#runtime.exec(task, {
      command,
      stdin,
      signal: stop.signal,
      ...(env === undefined ? {} : { env }),
      ...(tty === undefined ? {} : { tty }),
    });
    const pull = reader(
      session.output[Symbol.asyncIterator](),
      this.#clock,
      ({ stream, data }): WireChunk[] => [{ stream, data: Buffer.from(data).toString('base64') }],
    );
    const next = async (): Promise<StreamRead> => {
      const read = await pull();
      return read.done ? { ...read, exitCode: await session.exitCode } : read;
    };
    return this.#keep({ next, stdin, session, stop });
  }

  async #openDial({ task, port }: AgentRequest & { op: 'dial' }): Promise<StreamOpened> {
    const stop = new AbortController();
    const stdin = new Pushable();
    const output = await dialTcp(this.#tasks.addressOf(task, port), stdin, stop.signal);
    const next = reader(output[Symbol.asyncIterator](), this.#clock, (data): WireChunk[] => [
      { stream: 'stdout', data: Buffer.from(data).toString('base64') },
    ]);
    return this.#keep({ next, stdin, session: undefined, stop });
  }

  #keep(stream: Omit<Stream, 'cancelAbandon'>): StreamOpened {
    const id = randomId(this.#random, 12);
    this.#streams.set(id, { ...stream, cancelAbandon: this.#abandonLater(id) });
    return { stream: id };
  }

  async #read(id: string): Promise<StreamRead> {
    const stream = this.#stream(id);
    stream.cancelAbandon();
    try {
      const read = await stream.next();
      if (read.done) this.#close(id);
      return read;
    } catch (error) {
      this.#close(id);
      throw toGantryError(error);
    } finally {
      if (this.#streams.has(id)) stream.cancelAbandon = this.#abandonLater(id);
    }
  }

  #abandonLater(id: string): () => void {
    return this.#clock.after(ABANDONED_MS, () => this.#close(id));
  }

  #stream(id: string): Stream {
    const stream = this.#streams.get(id);
    if (stream === undefined) throw new GantryError('NOT_FOUND', `there is no stream ${id}`);
    return stream;
  }

  #close(id: string): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.cancelAbandon();
    stream.stdin?.end();
    stream.stop.abort();
  }
}

/** Turns an iterator into reads that wait a while for something and take along what is there. */
function reader<Batch, Item>(
  iterator: AsyncIterator<Batch>,
  clock: Clock,
  itemsOf: (batch: Batch) => readonly Item[],
): () => Promise<StreamRead<Item>> {
  let coming: Promise<IteratorResult<Batch>> | undefined;
  return async () => {
    coming ??= iterator.next();
    const late = new AbortController();
    const nothing = clock.sleep(LONG_POLL_MS, late.signal).then(
      () => undefined,
      () => undefined,
    );
    const first = await Promise.race([coming, nothing]);
    late.abort();
    if (first === undefined) return { items: [], done: false };
    coming = undefined;
    if (first.done === true) return { items: [], done: true };
    return { items: itemsOf(first.value), done: false };
  };
}

/** Standard input that is fed from outside. */
class Pushable implements AsyncIterable<Uint8Array> {
  readonly #queue: Uint8Array[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(data: Uint8Array): void {
    this.#queue.push(data);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) yield data;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
