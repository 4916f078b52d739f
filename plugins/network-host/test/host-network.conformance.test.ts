import { createServer } from 'node:net';
import { networkKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { HostNetwork } from '../src/index.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

conformance(networkKit, 'network-host', () => ({
  subject: {
    network: new HostNetwork({
      address: '127.0.0.1',
      portRange: { from: 28_300, to: 28_399 },
      random: { next: () => 0 },
    }),
    freePorts: (count) => Promise.all(Array.from({ length: count }, freePort)),
  },
}));
