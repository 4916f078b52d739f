import { connect, type Socket } from 'node:net';
import { GantryError } from '@gantry/core';

/** A connection of which each direction ends by itself. */
export interface Dialled {
  /** What the other side sends, until it ends its side. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Resolves once all input and its end were sent, or nothing can be sent any more. */
  readonly sent: Promise<void>;
}

const CONNECT_MS = 10_000;

/**
 * Connects, sends the input, and yields what comes back; each direction ends by itself, the signal ends both.
 *
 * @throws `UNAVAILABLE` if the connection is refused, or not made within 10 s.
 */
export async function dialTcp(
  { address, port }: { readonly address: string; readonly port: number },
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  timeoutMs = CONNECT_MS,
): Promise<Dialled> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  const abort = (): void => void socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', abort));
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => {
      reject(new GantryError('UNAVAILABLE', `${address}:${port} does not answer: ${why}`, { cause }));
    };
    socket.setTimeout(timeoutMs, () => {
      fail(`no connection within ${timeoutMs} ms`);
      socket.destroy();
    });
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve();
    });
    socket.once('error', (error) => fail(error.message, error));
    socket.once('close', () => fail('the connection was closed'));
  });
  socket.on('error', () => undefined); // the reader sees it
  const sent = send(socket, input).catch((error: unknown) => void socket.destroy(error as Error));
  return { output: received(socket), sent };
}

async function send(socket: Socket, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const data of input) {
    if (!socket.writable) return;
    if (!socket.write(data)) await onceAny(socket, ['drain', 'close']);
  }
  if (!socket.writable) return;
  const finished = onceAny(socket, ['finish', 'close']);
  socket.end();
  await finished;
}

async function* received(socket: Socket): AsyncIterable<Uint8Array> {
  try {
    // Its end must not destroy the socket: the other direction may go on.
    for await (const data of socket.iterator({ destroyOnReturn: false })) yield data as Uint8Array;
  } catch (error) {
    const { message } = error as Error;
    throw new GantryError('UNAVAILABLE', `the connection was cut: ${message}`, { cause: error });
  }
}

function onceAny(socket: Socket, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) socket.off(event, done);
      resolve();
    };
    for (const event of events) socket.on(event, done);
  });
}
