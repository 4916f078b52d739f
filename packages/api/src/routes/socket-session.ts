import type { WebSocket } from '@fastify/websocket';
import { GantryError } from '@gantry/core';
import type { Call } from '../http/route.ts';
import { Socket } from '../http/socket.ts';
import type { RouteParts } from './parts.ts';

const CLOSE_MS = 1000;

/** Runs a WebSocket session: counts it, ends it with the token or the server, and reports errors to the other side. */
export async function socketSession(
  type: 'exec' | 'dial',
  call: Call,
  raw: WebSocket,
  { clock, streams, settings }: RouteParts,
  run: (socket: Socket, signal: AbortSignal, fail: (error: unknown) => void) => Promise<void>,
): Promise<void> {
  const socket = new Socket(raw, settings.limits.streamWindowBytes);
  const stop = new AbortController();
  let release = (): void => {};
  try {
    release = streams.add(type, call.who, (why) => {
      stop.abort(why ?? new GantryError('UNAVAILABLE', 'the server shuts down'));
    });
    socket.onClose(() => stop.abort(new GantryError('ABORTED', 'the connection has ended')));
    await run(socket, stop.signal, (error) => stop.abort(error));
    throwIfStopped(stop.signal);
    socket.close();
  } catch (error) {
    await socket.fail(stop.signal.aborted ? stop.signal.reason : error, call.request);
  } finally {
    release();
    if (!socket.closed) {
      const cancel = clock.after(CLOSE_MS, () => socket.destroy());
      socket.onClose(cancel);
    }
  }
}

function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason;
}
