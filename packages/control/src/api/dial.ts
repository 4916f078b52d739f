import {
  type Bus,
  type DialOptions,
  GantryError,
  idOf,
  type Subjects,
  type Task,
  type WireChunk,
} from '@gantry/core';
import { AgentStream } from './agent-stream.ts';

/** A TCP connection to a port of a task, made by its agent. */
export async function* dialTask(
  bus: Bus,
  subjects: Subjects,
  task: Task,
  { port, input, signal }: DialOptions,
): AsyncIterable<Uint8Array> {
  const { node } = task.spec;
  const id = idOf(task.meta);
  if (node === undefined || task.status.state !== 'running') {
    throw new GantryError('CONFLICT', `task ${id} is ${task.status.state}, not running`);
  }
  const stream = await AgentStream.open(bus, subjects.agent(node), { op: 'dial', task: id, port }, signal);
  let failed: { readonly error: unknown } | undefined;
  const feed = async (): Promise<void> => {
    for await (const data of input) await stream.write(data, false);
    await stream.write(new Uint8Array(), true);
  };
  feed().catch((error: unknown) => {
    failed = { error };
    void stream.close(); // the read below ends
  });
  try {
    for (;;) {
      const { items, done } = await stream.read<WireChunk>(signal);
      for (const { data } of items) yield Buffer.from(data, 'base64');
      if (done) return;
    }
  } catch (error) {
    throw failed?.error ?? error;
  } finally {
    await stream.close();
  }
}
