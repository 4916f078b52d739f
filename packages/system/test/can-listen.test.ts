import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { canListen } from '../src/can-listen.ts';

const HOST = '127.0.0.1';

test('a TCP port that a server holds cannot be listened on until the server has closed', async () => {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await canListen(HOST, 'tcp', port)).toBe(false);
  expect(await canListen(HOST, 'udp', port)).toBe(true);
  server.close();
  await once(server, 'close');
  expect(await canListen(HOST, 'tcp', port)).toBe(true);
  expect(await canListen(HOST, 'tcp', port)).toBe(true); // the first call has left nothing behind
});

test('a UDP port that a socket holds cannot be listened on', async () => {
  const socket = createSocket('udp4').bind(0, HOST);
  onTestFinished(() => void socket.close());
  await once(socket, 'listening');
  const { port } = socket.address();
  expect(await canListen(HOST, 'udp', port)).toBe(false);
});

test.each(['tcp', 'udp'] as const)(
  'an address of another host is an error of the system (%s)',
  async (protocol) => {
    await expect(canListen('192.0.2.1', protocol, 9)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  },
);
