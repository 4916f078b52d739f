import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { createServer } from 'node:net';
import { isGantryError } from '@gantry/core';
import { dnsLabel } from '@gantry/core/model';
import {
  answers,
  apply,
  type Client,
  dial,
  frontend,
  type LoadBalancerCase,
  type LoadBalancerSubject,
  listening,
  startBackend,
  startBackends,
  talk,
} from './subject.ts';

const ready = 'ready' as const;
const draining = 'draining' as const;

function cannotClose({ loadBalancer }: LoadBalancerSubject): string | undefined {
  return loadBalancer[Symbol.asyncDispose] === undefined
    ? 'it holds nothing that has to be disposed'
    : undefined;
}

export const applyCases: readonly LoadBalancerCase[] = [
  {
    name: 'its name is a DNS label, by which services choose it and nodes show it',
    async run({ loadBalancer }) {
      ok(dnsLabel.safeParse(loadBalancer.name).success, `"${loadBalancer.name}" is not a DNS label`);
    },
  },
  {
    name: 'applying the same again affects no connection and keeps the port',
    async run(subject, context) {
      const backends = await startBackends(2, context);
      const wanted = frontend(backends.map((one) => one.as(ready)));
      const [port = 0] = await apply(subject, context, wanted);
      const clients = [await dial(port, context), await dial(port, context)];
      for (let time = 0; time < 3; time++) deepStrictEqual(await apply(subject, context, wanted), [port]);
      for (const client of clients) await talk(client, 'still here', context);
      const stats = await context.within(subject.loadBalancer.stats(), 'stats');
      strictEqual(
        stats.reduce((sum, { connections }) => sum + connections, 0),
        2,
      );
    },
  },
  {
    name: 'a frontend that did not change is not disturbed when others come and go',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const kept = frontend([one?.as(ready) as never]);
      const other = frontend([two?.as(ready) as never], { id: 'api/81/tcp', service: 'api' });
      const [port = 0] = await apply(subject, context, kept);
      const client = await dial(port, context);
      await apply(subject, context, kept, other);
      await apply(subject, context, other, kept);
      deepStrictEqual(await apply(subject, context, kept), [port]);
      await talk(client, 'still here', context);
    },
  },
  {
    name: 'a backend that is added gets connections, and those of the others stay',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const [port = 0] = await apply(subject, context, frontend([one?.as(ready) as never]));
      const client = await dial(port, context);
      await apply(subject, context, frontend([one?.as(ready) as never, two?.as(ready) as never]));
      const names = [];
      for (let count = 0; count < 6; count++) names.push((await dial(port, context)).backend);
      ok(names.includes('b1'), String(names));
      await talk(client, 'still here', context);
    },
  },
  {
    name: 'an omitted backend is cut, and gets no more connections',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const [port = 0] = await apply(
        subject,
        context,
        frontend([one?.as(ready) as never, two?.as(ready) as never]),
      );
      const clients: Client[] = [];
      for (let count = 0; count < 4; count++) clients.push(await dial(port, context));
      await apply(subject, context, frontend([two?.as(ready) as never]));
      for (const client of clients) {
        if (client.backend === 'b0') await context.until(() => client.closed(), 'a connection to be cut');
        else await talk(client, 'still here', context);
      }
      for (let count = 0; count < 4; count++) strictEqual((await dial(port, context)).backend, 'b1');
      const stats = await context.within(subject.loadBalancer.stats(), 'stats');
      deepStrictEqual(
        stats.map(({ backend }) => backend),
        ['b1'],
      );
    },
  },
  {
    name: 'a backend that has moved is reached at its new address',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const [port = 0] = await apply(
        subject,
        context,
        frontend([{ ...one?.as(ready), id: 'task' } as never]),
      );
      const client = await dial(port, context);
      await apply(subject, context, frontend([{ ...two?.as(ready), id: 'task' } as never]));
      await context.until(() => client.closed(), 'the connection to the old address to be cut');
      strictEqual((await dial(port, context)).backend, 'b1');
    },
  },
  {
    name: 'a draining backend keeps its connections and gets no new ones',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const [port = 0] = await apply(subject, context, frontend([one?.as(ready) as never]));
      const client = await dial(port, context);
      await apply(subject, context, frontend([one?.as(draining) as never, two?.as(ready) as never]));
      for (let count = 0; count < 6; count++) strictEqual((await dial(port, context)).backend, 'b1');
      await talk(client, 'still here', context);
      const stats = await context.within(subject.loadBalancer.stats(), 'stats');
      deepStrictEqual(stats.find(({ backend }) => backend === 'b0')?.state, 'draining');
    },
  },
  {
    name: 'a draining backend is reported as drained when its last connection has closed, not before, and once',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const drained: string[] = [];
      subject.loadBalancer.onDrained((backend) => drained.push(backend));
      const [port = 0] = await apply(subject, context, frontend([one?.as(ready) as never]));
      const clients = [await dial(port, context), await dial(port, context)];
      const wanted = frontend([one?.as(draining) as never, two?.as(ready) as never]);
      await apply(subject, context, wanted);
      await clients[0]?.hangUp();
      await (await dial(port, context)).hangUp();
      await context.until(() => one?.sockets.size === 1, 'one connection to have gone');
      await apply(subject, context, wanted);
      deepStrictEqual(drained, []);
      await clients[1]?.hangUp();
      await context.until(() => drained.length > 0, 'the news');
      await apply(subject, context, wanted);
      deepStrictEqual(drained, ['b0']);
    },
  },
  {
    name: 'a draining backend without a connection is reported as drained immediately; a removed listener is not called',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const [drained, deaf]: [string[], string[]] = [[], []];
      subject.loadBalancer.onDrained((backend) => drained.push(backend));
      const leave = subject.loadBalancer.onDrained((backend) => deaf.push(backend));
      leave();
      leave();
      await apply(subject, context, frontend([one?.as(ready) as never, two?.as(ready) as never]));
      await apply(subject, context, frontend([one?.as(draining) as never, two?.as(ready) as never]));
      await context.until(() => drained.length > 0, 'the news');
      deepStrictEqual(drained, ['b0']);
      deepStrictEqual(deaf, []);
    },
  },
  {
    name: 'a backend that no longer drains gets connections again',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const both = (state: 'ready' | 'draining') =>
        frontend([one?.as(state) as never, two?.as(ready) as never]);
      const [port = 0] = await apply(subject, context, both(draining));
      await apply(subject, context, both(ready));
      const names = new Set<string>();
      for (let count = 0; count < 6; count++) names.add((await dial(port, context)).backend);
      deepStrictEqual([...names].sort(), ['b0', 'b1']);
    },
  },
  {
    name: 'an omitted frontend is closed, with its port and its connections',
    async run(subject, context) {
      const backend = await startBackend('b', context);
      const other = frontend([backend.as(ready)], { id: 'api/81/tcp' });
      const [port = 0, otherPort = 0] = await apply(subject, context, frontend([backend.as(ready)]), other);
      const client = await dial(port, context);
      deepStrictEqual(await apply(subject, context, other), [otherPort]);
      await context.until(() => client.closed(), 'the connection to be cut');
      strictEqual(await answers(port, context), false);
      await apply(subject, context);
      strictEqual(await answers(otherPort, context), false);
      deepStrictEqual(await context.within(subject.loadBalancer.list(), 'list'), []);
      deepStrictEqual(await context.within(subject.loadBalancer.stats(), 'stats'), []);
    },
  },
  {
    name: 'a port can go from one frontend to another in one apply',
    async run(subject, context) {
      const [one, two] = await startBackends(2, context);
      const [port = 0] = await apply(subject, context, frontend([one?.as(ready) as never]));
      await dial(port, context);
      const heir = frontend([two?.as(ready) as never], { id: 'api/80/tcp', port });
      deepStrictEqual(await apply(subject, context, heir), [port]);
      strictEqual((await dial(port, context)).backend, 'b1');
    },
  },
  {
    name: 'a port that is taken is a CONFLICT of that frontend alone, and is tried again',
    async run(subject, context) {
      const backend = await startBackend('b', context);
      const squatter = await listening(createServer(), 0, context);
      const blocked = frontend([backend.as(ready)], { id: 'api/81/tcp', port: squatter.port });
      const wanted = [blocked, frontend([backend.as(ready)])];
      const [failed, fine] = await context.within(subject.loadBalancer.apply(wanted), 'apply');
      strictEqual(failed?.error?.code, 'CONFLICT');
      strictEqual(fine?.error, undefined);
      await dial(fine?.port ?? 0, context);
      const listed = await context.within(subject.loadBalancer.list(), 'list');
      strictEqual(listed.find(({ id }) => id === blocked.id)?.error?.code, 'CONFLICT');
      await squatter.close();
      const [again] = await context.within(subject.loadBalancer.apply(wanted), 'apply');
      deepStrictEqual([again?.error, again?.port], [undefined, squatter.port]);
      await dial(squatter.port, context);
    },
  },
  {
    name: 'an unsupported protocol is rejected by name, and the other frontends work',
    skip: ({ loadBalancer }) =>
      loadBalancer.supports.protocols.includes('udp') ? 'it supports every protocol' : undefined,
    async run(subject, context) {
      const backend = await startBackend('b', context);
      const udp = frontend([backend.as(ready)], { id: 'web/80/udp', protocol: 'udp' });
      const wanted = [udp, frontend([backend.as(ready)])];
      const [refused, fine] = await context.within(subject.loadBalancer.apply(wanted), 'apply');
      strictEqual(refused?.error?.code, 'UNSUPPORTED');
      await dial(fine?.port ?? 0, context);
    },
  },
  {
    name: 'the last one of concurrent applies takes effect',
    async run(subject, context) {
      const backends = await startBackends(3, context);
      const all = backends.map((one) => subject.loadBalancer.apply([frontend([one.as(ready)])]));
      const statuses = await context.within(Promise.all(all), 'all applies');
      const port = statuses.at(-1)?.[0]?.port ?? 0;
      for (let count = 0; count < 3; count++) strictEqual((await dial(port, context)).backend, 'b2');
    },
  },
  {
    name: 'dispose closes ports and connections, then every call is CLOSED, and it may be repeated',
    skip: cannotClose,
    async run(subject, context) {
      const { loadBalancer } = subject;
      const backend = await startBackend('b', context);
      const [port = 0] = await apply(subject, context, frontend([backend.as(ready)]));
      const client = await dial(port, context);
      for (let time = 0; time < 2; time++) {
        await context.within(loadBalancer[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      }
      await context.until(() => client.closed() && backend.sockets.size === 0, 'the connection to be cut');
      strictEqual(await answers(port, context), false);
      const closed = (error: unknown): boolean => isGantryError(error, 'CLOSED');
      await rejects(async () => await loadBalancer.apply([]), closed);
      await rejects(async () => await loadBalancer.list(), closed);
      await rejects(async () => await loadBalancer.stats(), closed);
      throws(() => loadBalancer.onDrained(() => undefined), closed);
    },
  },
];
