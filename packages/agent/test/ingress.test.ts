import { MemoryBus } from '@gantry/bus-memory';
import { GantryError, type LoadBalancer, type Network } from '@gantry/core';
import type { BackendStats, Frontend } from '@gantry/core/contracts';
import { type IngressReply, type IngressRequest, messages, subjects } from '@gantry/core/protocol';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ingress } from '../src/ingress.ts';

const SUBJECTS = subjects('test');
const FRONTEND: Frontend = {
  id: 'web/80/tcp',
  service: 'web',
  protocol: 'tcp',
  address: '127.0.0.1',
  port: 80,
  policy: 'round-robin',
  backends: [
    { id: 'web.1', address: '127.0.0.1', port: 1001, state: 'ready' },
    { id: 'web.2', address: '127.0.0.1', port: 1002, state: 'draining' },
  ],
};
/** A call of a driver that never returns. */
const hangs = (): Promise<never> => new Promise(() => undefined);
const fails = async (): Promise<never> => {
  throw new GantryError('INTERNAL', 'the driver is broken');
};

describe('ingress', () => {
  let clock: TestClock;
  let bus: MemoryBus;
  let requests: IngressRequest[];
  let applied: (readonly Frontend[])[];
  let ingress: Ingress | undefined;
  let warnings: string[];
  let answer: (request: IngressRequest) => IngressReply;

  beforeEach(() => {
    clock = new TestClock();
    bus = new MemoryBus(clock, silentLogger);
    requests = [];
    applied = [];
    warnings = [];
    answer = ({ hub, applied: version }) =>
      hub === 'hub' && version === 1
        ? { hub: 'hub', version: 1, changed: {}, full: false }
        : { hub: 'hub', version: 1, changed: { web: [FRONTEND] }, full: true, networks: [] };
    bus.respond(SUBJECTS.ingress('m1'), async ({ payload }): Promise<IngressReply> => {
      const request = messages.ingress(payload);
      requests.push(request);
      return answer(request);
    });
  });
  afterEach(async () => {
    await ingress?.[Symbol.asyncDispose]();
    await bus[Symbol.asyncDispose]();
  });

  const driver = (name: string, more: Partial<LoadBalancer> = {}): LoadBalancer => ({
    name,
    supports: { protocols: ['tcp'], policies: ['round-robin'], ejection: true },
    apply: async (frontends) => {
      applied.push(frontends);
      return frontends.map(({ id, address, port }) => ({ id, address, port }));
    },
    list: async () => [],
    stats: async () => [],
    onDrained: () => () => undefined,
    ...more,
  });
  const startWith = async (
    balancers: readonly LoadBalancer[],
    network: Partial<Network> = {},
  ): Promise<void> => {
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const machine = { name: 'm1', addresses: [] };
    const parts = { machine, balancers, bus, clock, random: new SeededRandom(1), logger };
    const networks = { list: async () => [], ...network } as Network;
    ingress = new Ingress({ ...parts, subjects: SUBJECTS, network: networks }, '127.0.0.1');
    await ingress.start();
  };
  const start = (more: Partial<LoadBalancer>, network?: Partial<Network>): Promise<void> =>
    startWith([driver('first', more)], network);
  const confirmed = (): boolean => requests.some((request) => request.applied === 1);

  test.each([
    ['fails', fails],
    ['hangs', hangs],
  ])('applies and confirms frontends though stats() %s, which is logged once', async (_, stats) => {
    await start({ stats });
    expect(await clock.advanceUntil(confirmed, 3000)).toBe(true);
    expect(applied).toEqual([[FRONTEND]]);
    const { length } = requests;
    expect(await clock.advanceUntil(() => requests.length >= length + 5, 60_000)).toBe(true);
    expect(warnings).toEqual(['failed to read the counters of the load balancer']);
  });

  test('calls stats() that hangs no second time', async () => {
    let calls = 0;
    await start({
      stats: () => {
        calls++;
        return hangs();
      },
    });
    expect(await clock.advanceUntil(() => requests.length >= 5, 60_000)).toBe(true);
    expect(calls).toBe(1);
  });

  test('reports backends that drain as busy while their connections are unknown', async () => {
    let isBroken = true;
    const idle: BackendStats = {
      frontend: FRONTEND.id,
      backend: 'web.2',
      state: 'draining',
      active: 0,
      connections: 1,
      failures: 0,
      bytesIn: 0,
      bytesOut: 0,
    };
    await start({ stats: async () => (isBroken ? await fails() : [idle]) });
    expect(await clock.advanceUntil(confirmed, 3000)).toBe(true);
    expect(requests.at(-1)?.busy).toEqual(['web.2']);
    isBroken = false;
    const { length } = requests;
    expect(await clock.advanceUntil(() => requests.length > length, 10_000)).toBe(true);
    expect(requests.at(-1)?.busy).toEqual([]);
  });

  test.each([
    ['list() of the network fails', { list: fails }],
    ['list() of the network hangs', { list: hangs }],
    [
      'remove() of the network hangs',
      { list: async () => [{ name: 'old', engineName: 'old' }], remove: hangs },
    ],
  ])('confirms frontends though %s', async (_, network) => {
    await start({}, network);
    expect(await clock.advanceUntil(confirmed, 1000)).toBe(true);
    ingress = undefined; // the host bounds how long it waits for a driver at the end
  });

  test('gives each frontend to the balancer that it names, or to the first one that supports it', async () => {
    const given = new Map<string, string[]>();
    const noting = (name: string, supports: Partial<LoadBalancer['supports']> = {}) =>
      driver(name, {
        supports: { protocols: ['tcp'], policies: ['round-robin'], ...supports },
        apply: async (frontends) => {
          given.set(
            name,
            frontends.map(({ id }) => id),
          );
          return frontends.map(({ id, address, port }) => ({ id, address, port }));
        },
      });
    const frontends: Frontend[] = [
      FRONTEND,
      { ...FRONTEND, id: 'web/53/udp', protocol: 'udp' },
      { ...FRONTEND, id: 'web/81/tcp', loadBalancer: 'second' },
      { ...FRONTEND, id: 'web/82/tcp', policy: 'random-two' },
    ];
    answer = () => ({ hub: 'hub', version: 1, changed: { web: frontends }, full: true });
    await startWith([noting('first'), noting('second', { protocols: ['tcp', 'udp'] })]);
    expect(await clock.advanceUntil(confirmed, 3000)).toBe(true);
    expect(Object.fromEntries(given)).toEqual({
      first: ['web/80/tcp'],
      second: ['web/53/udp', 'web/81/tcp'],
    });
    expect(requests.at(-1)?.statuses.map(({ id, error }) => [id, error?.code])).toEqual([
      ['web/80/tcp', undefined],
      ['web/53/udp', undefined],
      ['web/81/tcp', undefined],
      ['web/82/tcp', 'UNSUPPORTED'],
    ]);
  });

  test.each([
    ['fails', fails, 'INTERNAL'],
    ['hangs', hangs, 'TIMEOUT'],
  ])(
    'reports a balancer whose apply() %s, serves the others, and does not confirm the version',
    async (_, apply, code) => {
      const frontends = [FRONTEND, { ...FRONTEND, id: 'web/81/tcp', loadBalancer: 'broken' }];
      answer = () => ({ hub: 'hub', version: 1, changed: { web: frontends }, full: true });
      await startWith([driver('first'), driver('broken', { apply })]);
      const reported = (): boolean => requests.at(-1)?.statuses.length === 2;
      expect(await clock.advanceUntil(reported, 60_000)).toBe(true);
      expect(applied[0]).toEqual([FRONTEND]);
      expect(requests.at(-1)?.statuses.map(({ error }) => error?.code)).toEqual([undefined, code]);
      await clock.advance(60_000);
      expect(confirmed()).toBe(false);
      ingress = undefined;
    },
  );

  test('confirms the version once a balancer that failed has recovered', async () => {
    let isBroken = true;
    await start({ apply: async (frontends) => (isBroken ? await fails() : [...frontends]) });
    await clock.advance(10_000);
    expect(confirmed()).toBe(false);
    isBroken = false;
    expect(await clock.advanceUntil(confirmed, 20_000)).toBe(true);
  });

  test('applies changes to its state, and everything in a full reply', async () => {
    const other = { ...FRONTEND, id: 'api/80/tcp', service: 'api' };
    const replies: readonly IngressReply[] = [
      { hub: 'hub', version: 1, changed: { web: [FRONTEND] }, full: true },
      { hub: 'hub', version: 2, changed: { api: [other] }, full: false },
      { hub: 'hub', version: 3, changed: { web: [] }, full: false },
      { hub: 'next', version: 1, changed: { web: [FRONTEND] }, full: true },
    ];
    let at = 0;
    answer = () => replies[at] as IngressReply;
    await start({});
    for (const expected of [['web'], ['web', 'api'], ['api'], ['web']]) {
      const shown = () => applied.at(-1)?.map(({ service }) => service);
      expect(await clock.advanceUntil(() => `${shown()}` === `${expected}`, 10_000)).toBe(true);
      at++;
    }
  });
});
