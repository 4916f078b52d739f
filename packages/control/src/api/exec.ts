import {
  type Bus,
  type ExecOptions,
  type ExecSession,
  GantryError,
  idOf,
  invalidObject,
  isGantryError,
  type OutputChunk,
  plainData,
  type Subjects,
  type Task,
  type WireChunk,
} from '@gantry/core';
import { AgentStream } from './agent-stream.ts';

/** Runs a command inside a task, through its agent. */
export async function execInTask(
  bus: Bus,
  subjects: Subjects,
  task: Task,
  options: ExecOptions,
): Promise<ExecSession> {
  checkCommand(idOf(task.meta), options);
  const { node } = task.spec;
  if (node === undefined || task.status.state !== 'running') {
    throw new GantryError('CONFLICT', `task ${idOf(task.meta)} is ${task.status.state}, not running`);
  }
  const request = {
    op: 'exec' as const,
    task: idOf(task.meta),
    command: options.command,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.tty === undefined ? {} : { tty: options.tty }),
  };
  const stream = await AgentStream.open(bus, subjects.agent(node), request, options.signal);
  let settle: (code: number) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const exitCode = new Promise<number>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  exitCode.catch(() => undefined); // whoever awaits it sees the error; nobody has to
  let failed: { readonly error: unknown } | undefined;
  // Without input, a command that reads it sees its end.
  feed(stream, options.stdin ?? nothing(), options.signal).catch((error: unknown) => {
    if (isGantryError(error, 'NOT_FOUND')) return; // the stream has ended; its reader learns why
    failed = { error };
    void stream.close(); // the read below ends
  });
  async function* output(): AsyncIterable<OutputChunk> {
    try {
      for (;;) {
        const { items, done, exitCode: code } = await stream.read<WireChunk>(options.signal);
        for (const chunk of items) yield { stream: chunk.stream, data: Buffer.from(chunk.data, 'base64') };
        if (!done) continue;
        settle(code ?? -1);
        return;
      }
    } catch (error) {
      const why = failed?.error ?? error;
      fail(why);
      throw why;
    } finally {
      fail(new GantryError('ABORTED', 'the output was not read to its end'));
      await stream.close();
    }
  }
  return { output: output(), exitCode, resize: (columns, rows) => stream.resize(columns, rows) };
}

/** @throws `INVALID_OBJECT` for a command that no system can run: an empty one, and one with NUL. */
function checkCommand(task: string, { command, env = {} }: ExecOptions): void {
  const what = `exec in task ${task}`;
  plainData(command, what);
  plainData(env, what);
  if (command.length > 0 && command[0] !== '') return;
  throw invalidObject(what, [{ path: 'command', message: 'expected a command' }]);
}

async function* nothing(): AsyncIterable<Uint8Array> {}

/** Sends all input to a stream, at the pace of its reader, and then its end. */
export async function feed(
  stream: AgentStream,
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const data of input) await stream.write(data, signal);
  await stream.end(signal);
}
