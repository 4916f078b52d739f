import { type Bus, GantryError } from '@gantry/core';
import type { DialOptions } from '@gantry/core/api';
import { idOf, type Task } from '@gantry/core/model';
import type { Subjects, WireChunk } from '@gantry/core/protocol';
import { AgentStream } from './agent-stream.ts';
import { feed } from './exec.ts';

/**
 * A TCP connection to a port of a task, made by its agent. When the task ends its side, the iteration ends, and input is
 * still sent until it ends, the signal fires, or none has come for a minute.
 */
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
  const feeding = feed(stream, input, signal).catch((error: unknown) => {
    failed = { error };
    void stream.close(); // the read below ends
  });
  let halfClosed = false;
  try {
    for (;;) {
      const { items, done } = await stream.read<WireChunk>(signal);
      for (const { data } of items) yield Buffer.from(data, 'base64');
      halfClosed = done;
      if (done) return;
    }
  } catch (error) {
    throw failed?.error ?? error;
  } finally {
    // The agent closes a connection of which both sides have ended.
    if (!halfClosed) await stream.close();
    else if (signal !== undefined) void closeOn(signal, stream, feeding);
  }
}

async function closeOn(signal: AbortSignal, stream: AgentStream, fed: Promise<void>): Promise<void> {
  const close = (): void => void stream.close();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  await fed;
  signal.removeEventListener('abort', close);
}
