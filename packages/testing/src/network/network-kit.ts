import { deepStrictEqual, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { Kit } from '../kit.ts';
import { is } from '../runtime/subject.ts';
import { checkCases } from './check-cases.ts';
import { ask, type NetworkCase, type NetworkSubject, onHost, tcp } from './subject.ts';

const SPEC = { internal: false };
const TEN = Array.from({ length: 10 }, (_, index) => `t${index}`);

const needsNetworks = ({ network }: NetworkSubject): string | undefined =>
  network.supports.networks ? undefined : 'it has no networks';

const portCases: readonly NetworkCase[] = [
  {
    name: 'attach answers for ports of the request only',
    async run({ network }, context) {
      const { ports, publish } = await context.within(
        network.attach(ask('a', { ports: tcp(80, 81) })),
        'attach',
      );
      for (const { target, protocol, address, port } of ports) {
        ok([80, 81].includes(target) && protocol === 'tcp', `${target}/${protocol}`);
        ok(address.length > 0 && port > 0 && port < 65_536, `${address}:${port}`);
      }
      strictEqual(new Set(ports.map(({ target }) => target)).size, ports.length);
      deepStrictEqual(publish, []);
    },
  },
  {
    name: 'a repeated attach gives the same attachment, also concurrently',
    async run({ network }, context) {
      const request = ask('a', { ports: tcp(80) });
      const calls = TEN.map(() => network.attach(request));
      const [first, ...others] = await context.within(Promise.all(calls), 'attach');
      for (const other of others) deepStrictEqual(other, first);
      deepStrictEqual(await context.within(network.attach(request), 'attach'), first);
    },
  },
  {
    name: 'no two tasks get the same address and port, even if many attach concurrently',
    async run({ network }, context) {
      const calls = TEN.map((task) => network.attach(ask(task, { ports: tcp(80, 81) })));
      const all = await context.within(Promise.all(calls), 'ten attachments');
      const places = all.flatMap(({ ports }) => ports.map(({ address, port }) => `${address}:${port}`));
      strictEqual(new Set(places).size, places.length);
    },
  },
  {
    name: 'detaching a task again or an unknown one changes nothing',
    async run({ network }, context) {
      const kept = await context.within(network.attach(ask('a', { ports: tcp(80) })), 'attach');
      await context.within(network.attach(ask('b', { ports: tcp(80) })), 'attach');
      for (const task of ['b', 'b', 'none']) await context.within(network.detach(task), 'detach');
      deepStrictEqual(await context.within(network.attach(ask('a', { ports: tcp(80) })), 'attach'), kept);
    },
  },
  {
    name: 'a port in host mode is the requested one',
    async run({ network, freePorts }, context) {
      const [port = 0] = await freePorts(1);
      const { ports, publish } = await context.within(
        network.attach(ask('a', { ports: onHost(80, port) })),
        'attach',
      );
      // Either the engine publishes it, or the workload listens on it itself.
      const published = [...publish.map((one) => one.port), ...ports.map((one) => one.port)];
      ok(published.includes(port), `asked for ${port}, got ${published.join(', ')}`);
    },
  },
  {
    name: 'a host port that another task has is CONFLICT, until that one is detached',
    async run({ network, freePorts }, context) {
      const [port = 0] = await freePorts(1);
      const ports = onHost(80, port);
      await context.within(network.attach(ask('a', { ports })), 'attach');
      await rejects(context.within(network.attach(ask('b', { ports })), 'attach'), is('CONFLICT'));
      await context.within(network.detach('a'), 'detach');
      await context.within(network.attach(ask('b', { ports })), 'attach');
    },
  },
  {
    name: 'an attach that fails reserves nothing',
    async run({ network, freePorts }, context) {
      const [free = 0, taken = 0] = await freePorts(2);
      await context.within(network.attach(ask('a', { ports: onHost(80, taken) })), 'attach');
      const ports = [...onHost(80, free), ...onHost(81, taken)];
      await rejects(context.within(network.attach(ask('b', { ports })), 'attach'), is('CONFLICT'));
      await context.within(network.attach(ask('c', { ports: onHost(80, free) })), 'attach');
    },
  },
  {
    name: 'a task that is adopted keeps the addresses it has',
    async run({ network }, context) {
      const first = await context.within(network.attach(ask('a', { ports: tcp(80, 81) })), 'attach');
      await context.within(network.detach('a'), 'detach');
      await context.within(network.attach(ask('b', { ports: tcp(82) })), 'attach');
      await context.within(network.detach('b'), 'detach');
      const again = ask('a', { ports: tcp(80, 81), keep: first.ports });
      deepStrictEqual((await context.within(network.attach(again), 'attach')).ports, first.ports);
    },
  },
  {
    name: 'TCP and UDP ports of one number are two',
    skip: ({ network }) =>
      network.supports.protocols.length === 2
        ? undefined
        : `it has ${network.supports.protocols.join()} only`,
    async run({ network, freePorts }, context) {
      const [port = 0] = await freePorts(1);
      const of = (protocol: 'tcp' | 'udp') =>
        ask(protocol, { ports: [{ target: 53, protocol, host: port }] });
      await context.within(network.attach(of('tcp')), 'attach');
      await context.within(network.attach(of('udp')), 'attach');
    },
  },
];

const networkCases: readonly NetworkCase[] = [
  {
    name: 'a network that was ensured is listed, once',
    skip: needsNetworks,
    async run({ network }, context) {
      const first = await context.within(network.ensure({ name: 'kit-a', spec: SPEC }), 'ensure');
      const second = await context.within(network.ensure({ name: 'kit-a', spec: SPEC }), 'ensure');
      deepStrictEqual(second, first);
      const listed = await context.within(network.list(), 'list');
      deepStrictEqual(
        listed.map(({ name }) => name),
        ['kit-a'],
      );
    },
  },
  {
    name: 'two networks have two names in the engine',
    skip: needsNetworks,
    async run({ network }, context) {
      const a = await context.within(network.ensure({ name: 'kit-a', spec: SPEC }), 'ensure');
      const b = await context.within(network.ensure({ name: 'kit-b', spec: SPEC }), 'ensure');
      notStrictEqual(a.engineName, b.engineName);
    },
  },
  {
    name: 'remove takes a network off the list; removing it again or an unknown one changes nothing',
    skip: needsNetworks,
    async run({ network }, context) {
      await context.within(network.ensure({ name: 'kit-a', spec: SPEC }), 'ensure');
      for (const name of ['kit-a', 'kit-a', 'kit-none']) await context.within(network.remove(name), 'remove');
      deepStrictEqual(await context.within(network.list(), 'list'), []);
    },
  },
  {
    name: 'a task joins its networks, under the name of its service, tasks.SERVICE and its aliases',
    skip: needsNetworks,
    async run({ network }, context) {
      const { engineName } = await context.within(network.ensure({ name: 'kit-a', spec: SPEC }), 'ensure');
      const joins = [{ name: 'kit-a', aliases: ['db', 'kit'] }];
      const { networks } = await context.within(network.attach(ask('a', { networks: joins })), 'attach');
      deepStrictEqual(
        networks.map((one) => ({ ...one, aliases: [...one.aliases].sort() })),
        [{ name: 'kit-a', engineName, aliases: ['db', 'kit', 'tasks.kit'] }],
      );
    },
  },
  {
    name: 'a network that was not ensured is NOT_FOUND',
    skip: needsNetworks,
    async run({ network }, context) {
      const networks = [{ name: 'kit-none', aliases: [] }];
      await rejects(context.within(network.attach(ask('a', { networks })), 'attach'), is('NOT_FOUND'));
    },
  },
  {
    name: 'a network with tasks on it is not removed: CONFLICT, until they are detached',
    skip: needsNetworks,
    async run({ network }, context) {
      await context.within(network.ensure({ name: 'kit-a', spec: SPEC }), 'ensure');
      const networks = [{ name: 'kit-a', aliases: [] }];
      await context.within(network.attach(ask('a', { networks })), 'attach');
      await rejects(context.within(network.remove('kit-a'), 'remove'), is('CONFLICT'));
      strictEqual((await context.within(network.list(), 'list')).length, 1);
      await context.within(network.detach('a'), 'detach');
      await context.within(network.remove('kit-a'), 'remove');
    },
  },
  {
    name: 'ensuring and joining a network are UNSUPPORTED if networks are denied',
    skip: ({ network }) => (network.supports.networks ? 'it has networks' : undefined),
    async run({ network }, context) {
      const ensure = network.ensure({ name: 'kit-a', spec: SPEC });
      await rejects(context.within(ensure, 'ensure'), is('UNSUPPORTED'));
      const networks = [{ name: 'kit-a', aliases: [] }];
      await rejects(context.within(network.attach(ask('a', { networks })), 'attach'), is('UNSUPPORTED'));
    },
  },
  {
    name: 'a second dispose does nothing, and every later call is CLOSED',
    skip: ({ network }) =>
      network[Symbol.asyncDispose] === undefined ? 'it holds nothing that has to be disposed' : undefined,
    async run({ network }, context) {
      for (let count = 0; count < 2; count++) {
        await context.within(network[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      }
      await rejects(context.within(network.list(), 'list'), is('CLOSED'));
    },
  },
];

/** The promises of `contracts.network`. Each case requires a started network without tasks. */
export const networkKit: Kit<NetworkSubject> = {
  contract: 'network',
  cases: [...portCases, ...checkCases, ...networkCases],
};
