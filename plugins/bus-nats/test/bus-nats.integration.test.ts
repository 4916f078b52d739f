import { busKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { afterAll, beforeAll } from 'vitest';
import { type NatsServer, startNats } from '../../../tests/support/nats-server.ts';
import { describeWith } from '../../../tests/support/services.ts';
import { startBus } from './support/make-bus.ts';
import { sleep } from './support/wait.ts';

describeWith('nats', 'bus-nats', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  conformance(
    busKit,
    'bus-nats',
    async () => {
      const { bus, lines } = await startBus({ servers: server.url });
      return {
        subject: { bus, pass: sleep, logged: () => lines.filter(({ level }) => level === 'error').length },
        close: () => bus[Symbol.asyncDispose](),
      };
    },
    { patienceMs: 10_000 },
  );
});
