import { aborted, GantryError } from '@gantry/core';
import { type ClientOptions, WebSocket } from 'ws';
import { errorOf } from '../http/problem.ts';
import { translate } from '../http/transport.ts';
import { type Channel, type OpenChannel, SUBPROTOCOL } from '../socket/channel.ts';
import { MessageQueue } from '../socket/message-queue.ts';

const HIGH_WATER = 256 * 1024;
const NORMAL = 1000;
const MAX_REFUSAL = 1024 * 1024;

/** Channels over `ws`: `base` is `wss://host:port`, or `ws+unix:/path:`. */
export function wsChannels(base: string, options: Pick<ClientOptions, 'ca'>): OpenChannel {
  return async ({ path, token, signal }) => {
    const socket = new WebSocket(`${base}${path}`, [SUBPROTOCOL], {
      ...options,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    socket.binaryType = 'nodebuffer';
    const queue = new MessageQueue((bytes) => {
      if (bytes >= HIGH_WATER) socket.pause();
      else if (socket.isPaused) socket.resume();
    });
    const onAbort = (): void => {
      queue.end(aborted(signal));
      socket.terminate();
    };
    socket.on('message', (data: Buffer, isBinary) => queue.push(isBinary ? data : data.toString()));
    await new Promise<void>((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          if (text.length < MAX_REFUSAL) text += piece;
        });
        response.on('close', () => {
          reject(errorOf(parse(text), response.statusCode ?? 0));
          socket.terminate();
        });
      });
      socket.on('error', (error) => {
        const translated = translate(error, signal);
        reject(translated);
        queue.end(translated);
      });
      socket.on('close', (code) => {
        signal.removeEventListener('abort', onAbort);
        const lost = new GantryError('UNAVAILABLE', `the connection was lost (${code})`);
        reject(lost);
        queue.end(code === NORMAL ? undefined : lost);
      });
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
    return channelOf(socket, queue);
  };
}

function channelOf(socket: WebSocket, queue: MessageQueue): Channel {
  return {
    send: (data) =>
      new Promise((resolve, reject) => {
        socket.send(data, (error) => {
          if (error) reject(new GantryError('UNAVAILABLE', 'the connection has ended', { cause: error }));
          else resolve();
        });
      }),
    messages: () => queue.read(),
    close: () => {
      socket.resume();
      socket.close(NORMAL);
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
