import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { BalancePolicy } from '@gantry/core/contracts';
import {
  ADDRESS,
  answers,
  apply,
  type Client,
  dial,
  frontend,
  type LoadBalancerCase,
  startBackend,
  startBackends,
  talk,
} from './subject.ts';

const ready = 'ready' as const;

function policyCase(
  policy: BalancePolicy,
  name: string,
  check: (counts: readonly number[]) => void,
): LoadBalancerCase {
  return {
    name,
    skip: ({ loadBalancer }) =>
      loadBalancer.supports.policies.includes(policy) ? undefined : `it has no ${policy}`,
    async run(subject, context) {
      const backends = await startBackends(3, context);
      const [port = 0] = await apply(
        subject,
        context,
        frontend(
          backends.map((one) => one.as(ready)),
          { policy },
        ),
      );
      for (let count = 0; count < 30; count++) await dial(port, context);
      check(backends.map(({ count }) => count()));
    },
  };
}

export const forwardCases: readonly LoadBalancerCase[] = [
  {
    name: 'a frontend listens at its address, and list reports it as apply did',
    async run(subject, context) {
      const [backend] = await startBackends(1, context);
      const statuses = await context.within(
        subject.loadBalancer.apply([
          frontend([backend?.as(ready) as never]),
          frontend([], { id: 'api/81/tcp' }),
        ]),
        'apply',
      );
      deepStrictEqual(
        statuses.map(({ id, address, error }) => ({ id, address, error })),
        [
          { id: 'web/80/tcp', address: ADDRESS, error: undefined },
          { id: 'api/81/tcp', address: ADDRESS, error: undefined },
        ],
      );
      ok(
        statuses.every(({ port }) => port > 0),
        'no port was chosen',
      );
      for (const { port } of statuses) ok(await answers(port, context), `port ${port} has no listener`);
      const listed = await context.within(subject.loadBalancer.list(), 'list');
      const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
      deepStrictEqual([...listed].sort(byId), [...statuses].sort(byId));
    },
  },
  {
    name: 'bytes arrive whole and in order, both ways, however many',
    async run(subject, context) {
      const backend = await startBackend('b', context);
      const [port = 0] = await apply(subject, context, frontend([backend.as(ready)]));
      const client = await dial(port, context);
      // More than the buffers in between hold, to a backend that does not read for a while.
      const text = Array.from({ length: 2_000_000 }, (_, index) => `${index};`).join('');
      for (const socket of backend.sockets) socket.pause();
      client.socket.write(text);
      let [last, times] = [-1, 0];
      await context.until(() => {
        times = client.socket.writableLength === last ? times + 1 : 0;
        last = client.socket.writableLength;
        return times === 10;
      }, 'the buffers to be full');
      for (const socket of backend.sockets) socket.resume();
      await context.until(() => client.count() >= text.length, 'the echo');
      ok(client.received() === text, 'it came back changed');
    },
  },
  {
    name: 'the connections of several clients are not mixed up',
    async run(subject, context) {
      const backends = await startBackends(2, context);
      const [port = 0] = await apply(subject, context, frontend(backends.map((one) => one.as(ready))));
      const clients: Client[] = [];
      for (let index = 0; index < 8; index++) clients.push(await dial(port, context));
      for (let round = 0; round < 3; round++) {
        await Promise.all(clients.map((client, index) => talk(client, `${index}:${round}\n`, context)));
      }
    },
  },
  {
    name: 'a client that has closed its side still gets the rest of the answer',
    async run(subject, context) {
      const backend = await startBackend('b', context);
      const [port = 0] = await apply(subject, context, frontend([backend.as(ready)]));
      const client = await dial(port, context);
      client.socket.end('the last words');
      await context.until(() => client.closed(), 'the backend to end as well');
      strictEqual(client.received(), 'the last words');
    },
  },
  {
    name: 'when one side closes its connection, the other side notices',
    async run(subject, context) {
      const backend = await startBackend('b', context);
      const [port = 0] = await apply(subject, context, frontend([backend.as(ready)]));
      const one = await dial(port, context);
      await one.hangUp();
      await context.until(() => backend.sockets.size === 0, 'the backend to hear of it');
      const other = await dial(port, context);
      for (const socket of backend.sockets) socket.destroy();
      await context.until(() => other.closed(), 'the client to hear of it');
    },
  },
  policyCase('round-robin', 'round robin gives each backend its turn', (counts) => {
    deepStrictEqual(counts, [10, 10, 10]);
  }),
  policyCase('least-connections', 'least connections keeps open connections even', (counts) => {
    deepStrictEqual(counts, [10, 10, 10]);
  }),
  policyCase('random-two', 'two random choices use every backend, none more than half the time', (counts) => {
    ok(
      counts.every((count) => count >= 5 && count <= 15),
      String(counts),
    );
  }),
  {
    name: 'least connections prefers the backend that clients have left',
    skip: ({ loadBalancer }) =>
      loadBalancer.supports.policies.includes('least-connections')
        ? undefined
        : 'it has no least-connections',
    async run(subject, context) {
      const backends = await startBackends(3, context);
      const wanted = frontend(
        backends.map((one) => one.as(ready)),
        { policy: 'least-connections' },
      );
      const [port = 0] = await apply(subject, context, wanted);
      const clients: Client[] = [];
      for (let count = 0; count < 12; count++) clients.push(await dial(port, context));
      const leaving = clients.filter(({ backend }) => backend === 'b1');
      for (const client of leaving) await client.hangUp();
      await context.until(async () => {
        const stats = await subject.loadBalancer.stats();
        return stats.some(({ backend, active }) => backend === 'b1' && active === 0);
      }, 'b1 to be empty');
      for (let count = 0; count < leaving.length; count++)
        strictEqual((await dial(port, context)).backend, 'b1');
    },
  },
  {
    name: 'stats count connections, bytes and open connections',
    async run(subject, context) {
      const backends = await startBackends(2, context);
      const [port = 0] = await apply(subject, context, frontend(backends.map((one) => one.as(ready))));
      const clients = [await dial(port, context), await dial(port, context), await dial(port, context)];
      for (const client of clients) await talk(client, 'twelve bytes', context);
      const read = async () => {
        const stats = await context.within(subject.loadBalancer.stats(), 'stats');
        return [...stats].sort((a, b) => (a.backend < b.backend ? -1 : 1));
      };
      const sum = (
        stats: Awaited<ReturnType<typeof read>>,
        name: 'active' | 'connections' | 'bytesIn' | 'bytesOut',
      ) => stats.reduce((total, one) => total + one[name], 0);
      const stats = await read();
      deepStrictEqual(
        stats.map(({ frontend, backend, state, failures }) => ({ frontend, backend, state, failures })),
        ['b0', 'b1'].map((backend) => ({ frontend: 'web/80/tcp', backend, state: 'ready', failures: 0 })),
      );
      deepStrictEqual([sum(stats, 'active'), sum(stats, 'connections')], [3, 3]);
      deepStrictEqual([sum(stats, 'bytesIn'), sum(stats, 'bytesOut')], [36, 36 + 9]);
      for (const client of clients) await client.hangUp();
      await context.until(async () => sum(await read(), 'active') === 0, 'no connection to be open');
      strictEqual(sum(await read(), 'connections'), 3);
    },
  },
];
