import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Protocol } from '@gantry/core/model';

/** A program outside of any cluster that holds a port; the returned function ends it. */
export async function occupyPort(
  port: number,
  protocol: Protocol = 'tcp',
  address = '127.0.0.1',
): Promise<() => Promise<void>> {
  if (protocol === 'udp') {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address }, resolve);
    });
    return () => new Promise((resolve) => socket.close(() => resolve()));
  }
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return () => new Promise((resolve) => server.close(() => resolve()));
}
