import type { Network, NodeInfo, Runtime } from '@gantry/core';
import type { RegisterRequest } from '@gantry/core/protocol';
import { describe, expect, test } from 'vitest';
import { NodeRegistration } from '../src/node-registration.ts';
import type { Registrar } from '../src/registrar.ts';

function setUp() {
  const seen = { requests: [] as RegisterRequest[], registered: 0, again: 0 };
  let pending: (() => void) | undefined;
  const state = { yielding: false, closed: new AbortController(), hold: false };
  const registrar = {
    register: async (node: string, facts: RegisterRequest) => {
      expect(node).toBe('n1');
      seen.requests.push(facts);
      if (state.hold)
        await new Promise<void>((resolve) => {
          pending = resolve;
        });
      return 500;
    },
  } as unknown as Registrar;
  const runtime = {
    supports: { limits: {}, mounts: [] },
    info: async () => ({
      name: 'fake',
      version: '1',
      capacity: { cpu: 1000 },
      attributes: {},
      id: 'engine-1',
    }),
  } as unknown as Runtime;
  const network = { supports: { networks: true, protocols: ['tcp'] } } as unknown as Network;
  const registration = new NodeRegistration({
    node: { name: 'n1', labels: { zone: 'a' }, capacity: {} } as unknown as NodeInfo,
    session: 's',
    runtime,
    network,
    balancers: [],
    registrar,
    identity: undefined,
    isYielding: () => state.yielding,
    closed: state.closed.signal,
    onRegistered: () => void seen.registered++,
    onRegisteredAgain: () => void seen.again++,
  });
  return { registration, seen, state, release: () => pending?.() };
}

describe('the registration of a node', () => {
  test('reports the capacity and labels of the node, and takes over the interval of heartbeats', async () => {
    const { registration, seen, state } = setUp();
    await registration.prepare();
    await registration.register(state.closed.signal);
    expect(seen.requests).toMatchObject([{ session: 's', labels: { zone: 'a' }, capacity: { cpu: 1000 } }]);
    expect(registration).toMatchObject({ heartbeatMs: 500, runtimeId: 'engine-1' });
    expect(seen).toMatchObject({ registered: 1, again: 0 });
  });

  test('is not repeated concurrently, however often its loss is reported', async () => {
    const { registration, seen, state, release } = setUp();
    await registration.prepare();
    state.hold = true;
    for (let count = 0; count < 3; count++) registration.registerAgain();
    expect(seen.requests).toHaveLength(1);
    release();
    await expect.poll(() => seen.again).toBe(1);
    expect(seen.registered).toBe(1);
    registration.registerAgain();
    expect(seen.requests).toHaveLength(2);
  });

  test('is left alone while another agent takes over, and after the agent is closed', async () => {
    const { registration, seen, state } = setUp();
    await registration.prepare();
    state.yielding = true;
    registration.registerAgain();
    state.yielding = false;
    state.closed.abort();
    registration.registerAgain();
    expect(seen.requests).toEqual([]);
  });
});
