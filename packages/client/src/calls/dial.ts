import { GantryError } from '@gantry/core';
import type { Channel } from '../socket/channel.ts';
import { messageOf } from './message.ts';
import { pump } from './pump.ts';

/** A connection to a port of a task, over a channel that was opened for it. */
export async function* dialOver(
  channel: Channel,
  input: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  let failed: { readonly error: unknown } | undefined;
  pump(channel, input).catch((error: unknown) => {
    failed ??= { error };
    channel.close();
  });
  let ended = false;
  try {
    for await (const message of channel.messages()) {
      if (typeof message !== 'string') yield message;
      else if (messageOf(message).type === 'end') ended = true;
      if (ended) return;
    }
    throw failed?.error ?? new GantryError('UNAVAILABLE', 'the connection ended before its end was told');
  } finally {
    channel.close();
  }
}
