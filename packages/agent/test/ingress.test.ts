import { MemoryBus } from '@gantry/bus-memory';
import {
  type BackendStats,
  type Frontend,
  GantryError,
  type IngressReply,
  type IngressRequest,
  type LoadBalancer,
  messages,
  type Network,
  subjects,
} from '@gantry/core';
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

  beforeEach(() => {
    clock = new TestClock();
    bus = new MemoryBus(clock, silentLogger);
    requests = [];
    applied = [];
    warnings = [];
    bus.respond(SUBJECTS.ingress, async ({ payload }): Promise<IngressReply> => {
      const request = messages.ingress(payload);
      requests.push(request);
      const isCurrent = request.hub === 'hub' && request.applied === 1;
      return { hub: 'hub', version: 1, ...(!isCurrent && { frontends: [FRONTEND], networks: [] }) };
    });
  });
  afterEach(async () => {
    await ingress?.[Symbol.asyncDispose]();
    await bus[Symbol.asyncDispose]();
  });

  const start = async (driver: Partial<LoadBalancer>, network: Partial<Network> = {}): Promise<void> => {
    const loadBalancer: LoadBalancer = {
      supports: { protocols: ['tcp'], policies: ['round-robin'], ejection: true },
      apply: async (frontends) => {
        applied.push(frontends);
        return frontends.map(({ id, address, port }) => ({ id, address, port }));
      },
      list: async () => [],
      stats: async () => [],
      onDrained: () => () => undefined,
      ...driver,
    };
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const parts = { loadBalancer, bus, clock, random: new SeededRandom(1), logger, subjects: SUBJECTS };
    const networks = { list: async () => [], ...network } as Network;
    ingress = new Ingress({ ...parts, network: networks }, '127.0.0.1');
    await ingress.start();
  };
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
});
