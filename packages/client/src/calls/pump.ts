import type { Channel } from '../socket/channel.ts';

/** Larger pieces are sent in several frames. */
const FRAME_BYTES = 256 * 1024;

/** Sends all of an input, at the pace of the channel, and then its end. */
export async function pump(channel: Channel, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const data of input) {
    for (let at = 0; at < data.length; at += FRAME_BYTES)
      await channel.send(data.subarray(at, at + FRAME_BYTES));
  }
  await channel.send(JSON.stringify({ type: 'end' }));
}

export async function* nothing(): AsyncIterable<Uint8Array> {}
