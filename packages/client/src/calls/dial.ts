import { GantryError } from '@gantry/core';
import type { Channel } from '../socket/channel.ts';
import { messageOf } from './message.ts';
import { pump } from './pump.ts';

/**
 * A connection to a port of a task, over a channel opened for it. When the task ends its side, the iteration ends, and
 * the rest of the input is still sent.
 */
export async function* dialOver(
  channel: Channel,
  input: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  let failed: { readonly error: unknown } | undefined;
  const sending = pump(channel, input).catch((error: unknown) => {
    failed ??= { error };
    channel.close();
  });
  let ended = false;
  try {
    for await (const message of received(channel)) {
      if (typeof message !== 'string') yield message;
      else if (messageOf(message).type === 'end') {
        ended = true;
        return;
      }
    }
    throw failed?.error ?? new GantryError('UNAVAILABLE', 'the connection ended without a final message');
  } finally {
    if (ended) void sending.then(() => channel.close());
    else channel.close();
  }
}

/** The messages of a channel; leaving the loop leaves the channel open. */
function received(channel: Channel): AsyncIterable<Uint8Array | string> {
  const iterator = channel.messages()[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}
