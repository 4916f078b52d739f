import { type Duplex, pipeline } from 'node:stream';
import { aborted, throwIfAborted } from '@gantry/core';
import type { ExecOptions, ExecSession, OutputChunk } from '@gantry/core/api';
import { Demux } from './demux.ts';
import { closeQuietly, type Engine } from './engine.ts';
import { engineError, statusOf } from './failure.ts';
import { EXEC_MARKER, terminateExec } from './terminate-exec.ts';

const KEEP_ALIVE_MS = 30_000;
const END_OF_INPUT = '\u0004';

export interface ExecSetup {
  readonly engine: Engine;
  /** Id of the container. */
  readonly container: string;
  readonly task: string;
  /** Identifies this exec on the whole machine. */
  readonly marker: string;
  readonly closing: AbortSignal;
}

/**
 * Runs a command in a container. The command blocks while its output is not read. When the signal fires, the command is
 * terminated with all that it started.
 */
export async function exec(
  { engine, container, task, marker, closing }: ExecSetup,
  options: ExecOptions,
): Promise<ExecSession> {
  const { tty = false, stdin, command, env, user, workingDir, signal } = options;
  throwIfAborted(signal);
  const what = `exec in "${task}"`;
  let socket: Duplex;
  let id: string;
  try {
    const created = await engine.calls.getContainer(container).exec({
      Cmd: [...command],
      Env: Object.entries({ ...env, [EXEC_MARKER]: marker }).map(([name, value]) => `${name}=${value}`),
      AttachStdin: stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty,
      ...(user === undefined ? {} : { User: user }),
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    });
    id = created.id;
    socket = await engine.streams.getExec(id).start({ hijack: true, stdin: stdin !== undefined, Tty: tty });
  } catch (error) {
    throw engineError(error, what);
  }
  (socket as { setKeepAlive?: (on: boolean, ms: number) => void }).setKeepAlive?.(true, KEEP_ALIVE_MS);
  const over = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  const end = (): void => closeQuietly(socket);
  let terminated: Promise<void> | undefined;
  const terminate = (): void => {
    terminated ??= terminateExec(engine, { container, exec: id, marker }).finally(end);
  };
  over.addEventListener('abort', terminate, { once: true });
  if (over.aborted) terminate();
  if (stdin !== undefined) void feed(socket, stdin, tty);

  let exited: (code: number) => void;
  let failed: (error: unknown) => void;
  const exitCode = new Promise<number>((resolve, reject) => {
    exited = resolve;
    failed = reject;
  });
  exitCode.catch(() => {});
  let ended = false;
  async function* output(): AsyncGenerator<OutputChunk> {
    try {
      yield* tty ? raw(socket) : framed(socket);
      const { ExitCode } = await engine.calls.getExec(id).inspect();
      exited(ExitCode ?? 0);
      ended = true;
    } catch (error) {
      failed(over.aborted ? aborted(over) : engineError(error, what));
      if (!over.aborted) throw engineError(error, what);
    } finally {
      failed(engineError(new Error('its output was not read to the end'), what));
      over.removeEventListener('abort', terminate);
      // Its reader has disconnected: nothing else would ever terminate it.
      if (!ended) terminate();
      await terminated;
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
        // A command that has ended cannot be resized.
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

/** A terminal has a single stream, which is not multiplexed. */
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
    // The input failed: the command gets the input up to then.
  }
  if (socket.destroyed) return;
  // At a terminal, control-D ends the input; closing the connection would end the output with it.
  if (tty) socket.write(END_OF_INPUT);
  else socket.end();
}
