import { connect, type Socket } from 'node:net';
import { GantryError } from '@gantry/core';

/** Connects, sends what is fed, and gives what comes back; each direction ends by itself, the signal ends both. */
export async function dialTcp(
  { address, port }: { readonly address: string; readonly port: number },
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) => {
      reject(
        new GantryError('UNAVAILABLE', `${address}:${port} does not answer: ${error.message}`, {
          cause: error,
        }),
      );
    });
  });
  send(socket, input).catch((error: unknown) => socket.destroy(error as Error));
  return received(socket);
}

async function send(socket: Socket, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const data of input) {
    if (socket.destroyed) return;
    if (!socket.write(data))
      await new Promise<void>((resolve) => onceAny(socket, ['drain', 'close'], resolve));
  }
  socket.end();
}

async function* received(socket: Socket): AsyncIterable<Uint8Array> {
  try {
    for await (const data of socket) yield data as Uint8Array;
  } catch (error) {
    const { message } = error as Error;
    throw new GantryError('UNAVAILABLE', `the connection was cut: ${message}`, { cause: error });
  }
}

function onceAny(socket: Socket, events: readonly string[], callback: () => void): void {
  const done = (): void => {
    for (const event of events) socket.off(event, done);
    callback();
  };
  for (const event of events) socket.on(event, done);
}
