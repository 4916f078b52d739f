import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Protocol } from '@gantry/core/model';

/**
 * Whether no other socket holds a port of an address of this host: listens on it for a moment to find out.
 *
 * @throws the system's error if the address does not belong to this host, or listening is not permitted.
 */
export async function canListen(address: string, protocol: Protocol, port: number): Promise<boolean> {
  try {
    await (protocol === 'tcp' ? listenTcp(address, port) : listenUdp(address, port));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

function listenTcp(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}

function listenUdp(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve()));
  });
}
