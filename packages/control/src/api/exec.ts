import {
  type Bus,
  type ExecOptions,
  type ExecSession,
  GantryError,
  idOf,
  type OutputChunk,
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
  feed(stream, options.stdin ?? nothing()).catch(fail); // without input, a command that reads it sees its end
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
      fail(error);
      throw error;
    } finally {
      fail(new GantryError('ABORTED', 'the output was not read to its end'));
      await stream.close();
    }
  }
  return { output: output(), exitCode, resize: (columns, rows) => stream.resize(columns, rows) };
}

async function* nothing(): AsyncIterable<Uint8Array> {}

async function feed(stream: AgentStream, stdin: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const data of stdin) await stream.write(data, false);
  await stream.write(new Uint8Array(), true);
}
