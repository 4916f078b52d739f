import { aborted, type Clock, GantryError } from '@gantry/core';
import { type Channel, type OpenChannel, SUBPROTOCOL } from './channel.ts';
import { MessageQueue } from './message-queue.ts';

const SEND_HIGH_WATER = 1024 * 1024;
const SEND_LOOK_MS = 5;
/** A browser's WebSocket cannot apply backpressure: a reader that is this far behind gets an error. */
const MAX_UNREAD = 64 * 1024 * 1024;
const NORMAL = 1000;

/** The part of a browser's WebSocket that is used here. */
interface PlatformSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  send(data: Uint8Array | string): void;
  close(code?: number): void;
  addEventListener(
    type: string,
    listener: (event: { readonly data?: unknown; readonly code?: number }) => void,
  ): void;
}

type PlatformSocketClass = new (url: string, protocols: readonly string[]) => PlatformSocket;

/**
 * Channels over the WebSocket class of a browser; the token is sent as a subprotocol, since headers are not available.
 */
export function platformChannels(base: string, clock: Clock): OpenChannel {
  return async ({ path, token, signal }) => {
    const { WebSocket } = globalThis as unknown as { readonly WebSocket?: PlatformSocketClass };
    if (WebSocket === undefined) {
      throw new GantryError('UNSUPPORTED', 'WebSocket is not available: in Node, use @gantry/client/node');
    }
    const protocols = [SUBPROTOCOL, ...(token === undefined ? [] : [`bearer.${token}`])];
    const socket = new WebSocket(`${base.replace(/^http/, 'ws')}${path}`, protocols);
    socket.binaryType = 'arraybuffer';
    const queue = new MessageQueue((bytes) => {
      if (bytes <= MAX_UNREAD) return;
      queue.end(new GantryError('EXHAUSTED', `more than ${MAX_UNREAD} bytes are not read yet`));
      socket.close(NORMAL);
    });
    const onAbort = (): void => {
      queue.end(aborted(signal));
      socket.close(NORMAL);
    };
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('message', ({ data }) => {
        queue.push(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer));
      });
      socket.addEventListener('close', ({ code }) => {
        signal.removeEventListener('abort', onAbort);
        const lost = new GantryError('UNAVAILABLE', `the connection was lost (${code})`);
        reject(lost);
        queue.end(code === NORMAL ? undefined : lost);
      });
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
    return channelOf(socket, queue, clock);
  };
}

function channelOf(socket: PlatformSocket, queue: MessageQueue, clock: Clock): Channel {
  return {
    send: async (data) => {
      socket.send(data);
      while (socket.bufferedAmount > SEND_HIGH_WATER) await clock.sleep(SEND_LOOK_MS);
    },
    messages: () => queue.read(),
    close: () => socket.close(NORMAL),
  };
}
