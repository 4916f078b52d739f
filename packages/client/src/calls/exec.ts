import { GantryError } from '@gantry/core';
import type { ExecOptions, ExecSession, OutputChunk } from '@gantry/core/api';
import type { Channel } from '../socket/channel.ts';
import { type Message, messageOf } from './message.ts';
import { nothing, pump } from './pump.ts';

const STREAMS: Readonly<Record<number, OutputChunk['stream'] | undefined>> = Object.freeze({
  1: 'stdout',
  2: 'stderr',
});

/** Runs a command over a channel opened for it; resolves once the command runs. */
export async function execOver(channel: Channel, { stdin }: ExecOptions): Promise<ExecSession> {
  const messages = channel.messages()[Symbol.asyncIterator]();
  try {
    await started(messages);
  } catch (error) {
    channel.close();
    throw error;
  }
  let settle: (code: number) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const exitCode = new Promise<number>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  exitCode.catch(() => undefined); // a caller that awaits it sees the error; awaiting is optional
  pump(channel, stdin ?? nothing()).catch(fail); // without input, a command that reads it sees its end
  async function* output(): AsyncIterable<OutputChunk> {
    try {
      for (;;) {
        const { done, value } = await messages.next();
        if (done === true) throw new GantryError('UNAVAILABLE', 'the connection ended before the command');
        if (typeof value !== 'string') {
          const stream = STREAMS[value[0] ?? 0];
          if (stream !== undefined) yield { stream, data: value.subarray(1) };
          continue;
        }
        const { type, code } = messageOf(value);
        if (type !== 'exit') continue;
        settle(typeof code === 'number' ? code : -1);
        return;
      }
    } catch (error) {
      fail(error);
      throw error;
    } finally {
      fail(new GantryError('ABORTED', 'the output was not read to its end'));
      channel.close();
    }
  }
  return {
    output: output(),
    exitCode,
    resize: (columns, rows) => channel.send(JSON.stringify({ type: 'resize', columns, rows })),
  };
}

async function started(messages: AsyncIterator<Uint8Array | string>): Promise<void> {
  for (;;) {
    const { done, value } = await messages.next();
    if (done === true) throw new GantryError('UNAVAILABLE', 'the connection ended before the command began');
    if (typeof value === 'string' && (messageOf(value) satisfies Message).type === 'started') return;
  }
}
