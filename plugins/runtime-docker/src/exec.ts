import { type Duplex, pipeline } from 'node:stream';
import { type ExecOptions, type ExecSession, type OutputChunk, throwIfAborted } from '@gantry/core';
import { Demux } from './demux.ts';
import { closeQuietly, type Engine, engineError, statusOf } from './engine.ts';

const KEEP_ALIVE_MS = 30_000;
const END_OF_INPUT = '\u0004';

/** Runs a command in a container. Nobody reading it makes the command wait. */
export async function exec(
  engine: Engine,
  container: string,
  options: ExecOptions,
  closing: AbortSignal,
): Promise<ExecSession> {
  const { tty = false, stdin, command, env, signal } = options;
  throwIfAborted(signal);
  const what = `exec in "${container}"`;
  let socket: Duplex;
  let id: string;
  try {
    const created = await engine.calls.getContainer(container).exec({
      Cmd: [...command],
      Env: Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`),
      AttachStdin: stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty,
    });
    id = created.id;
    socket = await engine.streams.getExec(id).start({ hijack: true, stdin: stdin !== undefined, Tty: tty });
  } catch (error) {
    throw engineError(error, what);
  }
  (socket as { setKeepAlive?: (on: boolean, ms: number) => void }).setKeepAlive?.(true, KEEP_ALIVE_MS);
  const over = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  const end = (): void => closeQuietly(socket);
  over.addEventListener('abort', end, { once: true });
  if (over.aborted) end();
  if (stdin !== undefined) void feed(socket, stdin, tty);

  let exited: (code: number) => void;
  let failed: (error: unknown) => void;
  const exitCode = new Promise<number>((resolve, reject) => {
    exited = resolve;
    failed = reject;
  });
  exitCode.catch(() => {});
  async function* output(): AsyncGenerator<OutputChunk> {
    try {
      yield* tty ? raw(socket) : framed(socket);
      const { ExitCode } = await engine.calls.getExec(id).inspect();
      exited(ExitCode ?? 0);
    } catch (error) {
      failed(engineError(error, what));
      if (!over.aborted) throw engineError(error, what);
    } finally {
      failed(engineError(new Error('its output was not read to the end'), what));
      over.removeEventListener('abort', end);
      end();
    }
  }
  return {
    output: output(),
    exitCode,
    async resize(columns, rows) {
      if (!tty) return;
      try {
        await engine.calls.getExec(id).resize({ w: columns, h: rows });
      } catch (error) {
        // One that has ended has no size any more.
        if (statusOf(error) === undefined) throw engineError(error, what);
      }
    },
  };
}

async function* framed(socket: Duplex): AsyncGenerator<OutputChunk> {
  const demux = new Demux();
  pipeline(socket, demux, () => {});
  for await (const { stream, data } of demux) yield { stream, data };
}

/** A terminal has one stream only, and it is not multiplexed. */
async function* raw(socket: Duplex): AsyncGenerator<OutputChunk> {
  for await (const data of socket) yield { stream: 'stdout', data };
}

async function feed(socket: Duplex, input: AsyncIterable<Uint8Array>, tty: boolean): Promise<void> {
  try {
    for await (const bytes of input) {
      if (socket.destroyed) return;
      if (socket.write(bytes)) continue;
      await new Promise<void>((resolve) => {
        socket.once('drain', resolve);
        socket.once('close', resolve);
      });
    }
  } catch {
    // The input failed: the command gets what there was.
  }
  if (socket.destroyed) return;
  // At a terminal, control-D ends the input; ending the connection would end the output with it.
  if (tty) socket.write(END_OF_INPUT);
  else socket.end();
}
