import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Protocol } from '@gantry/core/model';

/** Whether this process can bind a port of all addresses of its host; true as well if it is not permitted to find out. */
export async function canBind(protocol: Protocol, port: number): Promise<boolean> {
  try {
    await (protocol === 'tcp' ? bindTcp(port) : bindUdp(port));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EADDRINUSE';
  }
}

function bindTcp(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '0.0.0.0', port, exclusive: true }, () => server.close(() => resolve()));
  });
}

function bindUdp(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: '0.0.0.0', port, exclusive: true }, () => socket.close(() => resolve()));
  });
}
