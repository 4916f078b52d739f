import { type Clock, GantryError, type Random, type Runtime, toGantryError } from '@gantry/core';
import type { ExecSession } from '@gantry/core/api';
import type { RuntimeLogLine } from '@gantry/core/contracts';
import { randomId } from '@gantry/core/primitives';
import type {
  AgentRequest,
  StatsReply,
  StreamOpened,
  StreamRead,
  StreamWritten,
  WireChunk,
} from '@gantry/core/protocol';
import { dialTcp } from './dial-tcp.ts';
import { InputWindow } from './input-window.ts';
import { STREAM_LIMITS, type StreamLimits } from './stream-limits.ts';
import { LONG_POLL_MS, streamReader, within } from './stream-reader.ts';

/** A stream that is neither read nor written for this time is closed. */
const ABANDONED_MS = 60_000;

interface Stream {
  readonly next: () => Promise<StreamRead>;
  readonly stdin: InputWindow | undefined;
  readonly session: ExecSession | undefined;
  /** Of a connection: resolves once all input was sent. */
  readonly sent?: Promise<void>;
  readonly stop: AbortController;
  /** The other side has ended its output; the input goes on. */
  halfClosed: boolean;
  cancelAbandon: () => void;
}

/** What the agent knows of its tasks. */
export interface TaskFacts {
  /** Where a port of a task is reached from this machine. @throws `NOT_FOUND` for a task that does not run here. */
  addressOf(task: string, port: number): { readonly address: string; readonly port: number };
  stats(): Promise<StatsReply['stats']>;
}

interface StreamParts {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
}

/** Answers what the control plane asks of a node's tasks: logs, exec and connections are streams, read piece by piece. */
export class StreamServer {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tasks: TaskFacts;
  readonly #limits: StreamLimits;
  readonly #streams = new Map<string, Stream>();
  #opening = 0;

  constructor({ runtime, clock, random }: StreamParts, tasks: TaskFacts, limits = STREAM_LIMITS) {
    this.#limits = limits;
    this.#tasks = tasks;
    this.#runtime = runtime;
    this.#clock = clock;
    this.#random = random;
  }

  async answer(
    request: Exclude<AgentRequest, { readonly op: 'yield' }>,
  ): Promise<StreamOpened | StreamRead | StreamWritten | StatsReply | null> {
    switch (request.op) {
      case 'logs':
        return this.#opened(async () => this.#openLogs(request));
      case 'exec':
        return this.#opened(() => this.#openExec(request));
      case 'dial':
        return this.#opened(() => this.#openDial(request));
      case 'stats':
        return { stats: await this.#tasks.stats() };
      case 'read':
        return this.#read(request.stream);
      case 'write':
        return this.#write(request);
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

  /** @throws `EXHAUSTED` beyond the number of streams that may be open. */
  async #opened(open: () => Promise<StreamOpened>): Promise<StreamOpened> {
    const { maxStreams } = this.#limits;
    if (this.#streams.size + this.#opening >= maxStreams) {
      throw new GantryError('EXHAUSTED', `the node has ${maxStreams} streams open, which is its maximum`);
    }
    this.#opening++;
    try {
      return await open();
    } finally {
      this.#opening--;
    }
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
    const next = streamReader<readonly RuntimeLogLine[], RuntimeLogLine>(
      iterator,
      this.#clock,
      (batch) => batch,
    );
    return this.#keep({ next, stdin: undefined, session: undefined, stop });
  }

  async #openExec(request: AgentRequest & { op: 'exec' }): Promise<StreamOpened> {
    const { task, command, env, user, workingDir, tty } = request;
    if (this.#runtime.exec === undefined) throw new GantryError('UNSUPPORTED', 'the runtime cannot exec');
    const { execUser = false, execWorkingDir = false } = this.#runtime.supports;
    if (user !== undefined && !execUser)
      throw new GantryError('UNSUPPORTED', 'the runtime cannot run commands as another user');
    if (workingDir !== undefined && !execWorkingDir)
      throw new GantryError('UNSUPPORTED', 'the runtime cannot run commands in another directory');
    const stop = new AbortController();
    const stdin = new InputWindow(this.#limits.windowBytes);
    const session = await this.#runtime.exec(task, {
      command,
      stdin,
      signal: stop.signal,
      ...(env === undefined ? {} : { env }),
      ...(user === undefined ? {} : { user }),
      ...(workingDir === undefined ? {} : { workingDir }),
      ...(tty === undefined ? {} : { tty }),
    });
    const pull = streamReader(
      session.output[Symbol.asyncIterator](),
      this.#clock,
      ({ stream, data }): WireChunk[] => [{ stream, data: Buffer.from(data).toString('base64') }],
    );
    let ended = false;
    const next = async (): Promise<StreamRead> => {
      if (!ended) {
        const read = await pull();
        if (!read.done) return read;
        ended = true;
      }
      // A command that has closed its output may run on, and read its input.
      const exit = await within(session.exitCode, this.#clock);
      return exit === undefined
        ? { items: [], done: false }
        : { items: [], done: true, exitCode: exit.value };
    };
    return this.#keep({ next, stdin, session, stop });
  }

  async #openDial({ task, port }: AgentRequest & { op: 'dial' }): Promise<StreamOpened> {
    const stop = new AbortController();
    const stdin = new InputWindow(this.#limits.windowBytes);
    const { output, sent } = await dialTcp(this.#tasks.addressOf(task, port), stdin, stop.signal);
    const next = streamReader(output[Symbol.asyncIterator](), this.#clock, (data): WireChunk[] => [
      { stream: 'stdout', data: Buffer.from(data).toString('base64') },
    ]);
    return this.#keep({ next, stdin, session: undefined, sent, stop });
  }

  #keep(stream: Omit<Stream, 'cancelAbandon' | 'halfClosed'>): StreamOpened {
    const id = randomId(this.#random, 12);
    this.#streams.set(id, { ...stream, halfClosed: false, cancelAbandon: this.#abandonLater(id) });
    return { stream: id };
  }

  async #read(id: string): Promise<StreamRead> {
    const stream = this.#stream(id);
    stream.cancelAbandon();
    try {
      const read = await stream.next();
      if (read.done) this.#outputEnded(id, stream);
      return read;
    } catch (error) {
      this.#close(id);
      throw toGantryError(error);
    } finally {
      if (this.#streams.has(id)) stream.cancelAbandon = this.#abandonLater(id);
    }
  }

  /** A connection stays open until its other direction has ended, too. */
  #outputEnded(id: string, stream: Stream): void {
    if (stream.sent === undefined) this.#close(id);
    else {
      stream.halfClosed = true;
      void stream.sent.then(() => this.#close(id));
    }
  }

  /** Accepts input as far as there is room for it; waits a while for room, and then says that there is none. */
  async #write({ stream: id, data, end }: AgentRequest & { op: 'write' }): Promise<StreamWritten> {
    const stream = this.#stream(id);
    const { stdin } = stream;
    if (stdin === undefined) return { accepted: true };
    if (stream.halfClosed) {
      stream.cancelAbandon();
      stream.cancelAbandon = this.#abandonLater(id);
    }
    const bytes = Buffer.from(data, 'base64');
    let accepted = bytes.length === 0 || stdin.push(bytes);
    for (let left = LONG_POLL_MS; !accepted && left > 0; ) {
      const since = this.#clock.elapsed();
      if ((await within(stdin.changed(), this.#clock, left)) === undefined) break;
      this.#stream(id); // it may be closed by now
      accepted = stdin.push(bytes);
      left -= this.#clock.elapsed() - since;
    }
    if (accepted && end) stdin.end();
    return { accepted };
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
