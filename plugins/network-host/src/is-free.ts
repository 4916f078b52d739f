import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { GantryError } from '@gantry/core';
import type { Protocol } from '@gantry/core/model';

/**
 * Whether a port is free: listens on it for a moment to find out.
 *
 * @throws `UNAVAILABLE` if it is not an address of this host, or listening is not permitted.
 */
export async function isFree(address: string, protocol: Protocol, port: number): Promise<boolean> {
  try {
    await (protocol === 'tcp' ? tryTcp(address, port) : tryUdp(address, port));
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return false;
    const text = `network-host: cannot listen on ${address} port ${port}/${protocol}: ${message}`;
    throw new GantryError('UNAVAILABLE', text, { cause: error });
  }
}

function tryTcp(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}

function tryUdp(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve()));
  });
}
