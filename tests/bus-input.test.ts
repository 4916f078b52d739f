/**
 * Everything that can reach the control plane over the bus and is wrong: rejected with a code and a path, nothing of it is
 * stored, and the control plane does not stop for it. Agents: bus-input-agent.test.ts.
 */
import { type Bus, contracts, type Store } from '@gantry/core';
import { messages, type PullReply, subjects } from '@gantry/core/protocol';
import { type Cluster, createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { SeededRandom } from '@gantry/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RandomJson } from './api/support/random-json.ts';
import { mutated } from './support/mutated.ts';

const names = subjects('gantry');
const REGISTER = { session: 's1', labels: {}, capacity: { cpu: 1000 }, attributes: {} };
const STATUS = { state: 'running', since: 1, ready: true };
const EJECTION = { frontend: 'x/80/tcp', backend: 'x.1.a', ejections: 1, reason: 'reset', restored: false };
const INGRESS = { session: 's1', applied: 0, statuses: [], busy: [], ejections: [EJECTION] };
const ASK = { timeoutMs: 5000 };
const own = (fields: object): object => ({ session, ...fields });
/** Register is tried for another node, which has no agent to disturb. */
const SUBJECTS = {
  ...names.dispatch('node-1'),
  register: names.dispatch('good').register,
  ingress: names.ingress('m1'),
};

let cluster: Cluster;
let bus: Bus;
let store: Store;
let session = '';
let task = '';

const node = async (name: string) => await cluster.api.get('node', name);

beforeAll(async () => {
  cluster = await createCluster(fakeCluster({ logLevel: 'silent' }), { nodes: 1 });
  bus = cluster.get(contracts.bus);
  store = cluster.get(contracts.store);
  await cluster.api.apply({
    kind: 'service',
    meta: { name: 'web' },
    spec: { template: { image: 'x', ports: [{ target: 80 }] } },
  });
  await cluster.api.wait('service', 'web', 'Available');
  session = (await node('node-1')).status.session;
  task = (await cluster.api.list('task')).items[0]?.meta.name ?? '';
});
afterAll(async () => cluster[Symbol.asyncDispose]());

/** Everything stored, but for events, which the healthy node causes. */
async function stored(): Promise<unknown> {
  const { entries } = await store.list('');
  return entries.filter(({ key }) => !key.startsWith('events/')).map(({ key, value }) => [key, value]);
}

const reporting = (status: unknown): object =>
  own({ statuses: [{ task, status: { ...STATUS, ...(status as object) } }] });

type Row = readonly [what: string, subject: keyof typeof SUBJECTS, payload: () => unknown, path: string];

const rows: readonly Row[] = [
  ['no payload', 'register', () => null, ''],
  ['a list', 'register', () => [], ''],
  ['text', 'heartbeat', () => 'node-1', ''],
  ['a session that is too long', 'register', () => ({ ...REGISTER, session: 's'.repeat(1000) }), 'session'],
  ['a session that is none', 'register', () => ({ ...REGISTER, session: undefined }), 'session'],
  ['labels that are a list', 'register', () => ({ ...REGISTER, labels: ['a'] }), 'labels'],
  [
    'a label called __proto__',
    'register',
    () => ({ ...REGISTER, labels: JSON.parse('{"__proto__":"x"}') }),
    'labels.__proto__',
  ],
  ['a label that is a number', 'register', () => ({ ...REGISTER, labels: { zone: 3 } }), 'labels.zone'],
  [
    'a label that is too long',
    'register',
    () => ({ ...REGISTER, labels: { zone: 'x'.repeat(254) } }),
    'labels.zone',
  ],
  [
    'too many labels',
    'register',
    () => ({
      ...REGISTER,
      labels: Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`l${at}`, ''])),
    }),
    'labels',
  ],
  [
    'capacity that is NaN',
    'register',
    () => ({ ...REGISTER, capacity: { cpu: Number.NaN } }),
    'capacity.cpu',
  ],
  [
    'capacity without an end',
    'register',
    () => ({ ...REGISTER, capacity: { cpu: Number.POSITIVE_INFINITY } }),
    'capacity.cpu',
  ],
  ['capacity below zero', 'register', () => ({ ...REGISTER, capacity: { memory: -1 } }), 'capacity.memory'],
  ['a part of a capacity', 'register', () => ({ ...REGISTER, capacity: { cpu: 0.5 } }), 'capacity.cpu'],
  ['capacity as text', 'register', () => ({ ...REGISTER, capacity: { cpu: '1' } }), 'capacity.cpu'],
  [
    'an attribute that is an object',
    'register',
    () => ({ ...REGISTER, attributes: { os: {} } }),
    'attributes.os',
  ],
  [
    'a huge attribute',
    'register',
    () => ({ ...REGISTER, attributes: { os: 'x'.repeat(1e6) } }),
    'attributes.os',
  ],
  ['features that are numbers', 'register', () => ({ ...REGISTER, features: [1] }), 'features[0]'],
  ['a heartbeat without a session', 'heartbeat', () => ({}), 'session'],
  ['a pull since NaN', 'pull', () => own({ since: Number.NaN }), 'since'],
  ['a pull since a huge revision', 'pull', () => own({ since: 1e300 }), 'since'],
  ['a pull since a revision below zero', 'pull', () => own({ since: -1 }), 'since'],
  ['a pull since text', 'pull', () => own({ since: '0' }), 'since'],
  ['statuses that are none', 'report', () => own({ statuses: undefined }), 'statuses'],
  ['statuses that are an object', 'report', () => own({ statuses: { length: 1 } }), 'statuses'],
  [
    'a status that is null',
    'report',
    () => own({ statuses: [{ task, status: null }] }),
    'statuses[0].status',
  ],
  [
    'a task that is an object',
    'report',
    () => own({ statuses: [{ task: {}, status: STATUS }] }),
    'statuses[0].task',
  ],
  ['an unknown state', 'report', () => reporting({ state: 'fine' }), 'statuses[0].status.state'],
  [
    'a state of the prototype',
    'report',
    () => reporting({ state: 'constructor' }),
    'statuses[0].status.state',
  ],
  ['a time that is NaN', 'report', () => reporting({ since: Number.NaN }), 'statuses[0].status.since'],
  ['a time that is text', 'report', () => reporting({ since: 'now' }), 'statuses[0].status.since'],
  ['readiness as text', 'report', () => reporting({ ready: 'yes' }), 'statuses[0].status.ready'],
  ['a huge message', 'report', () => reporting({ message: 'x'.repeat(1e6) }), 'statuses[0].status.message'],
  [
    'an exit code that is NaN',
    'report',
    () => reporting({ exitCode: Number.NaN }),
    'statuses[0].status.exitCode',
  ],
  [
    'a port out of range',
    'report',
    () => reporting({ ports: [{ target: 80, protocol: 'tcp', address: 'x', port: 70_000 }] }),
    'statuses[0].status.ports[0].port',
  ],
  [
    'a port of another protocol',
    'report',
    () => reporting({ ports: [{ target: 80, protocol: 'icmp', address: 'x', port: 7 }] }),
    'statuses[0].status.ports[0].protocol',
  ],
  [
    'addresses that are numbers',
    'report',
    () => reporting({ addresses: { front: 1 } }),
    'statuses[0].status.addresses.front',
  ],
  [
    'one wrong status beside a right one',
    'report',
    () =>
      own({
        statuses: [
          { task, status: { ...STATUS, message: 'new' } },
          { task, status: {} },
        ],
      }),
    'statuses[1].status.state',
  ],
  ['events that are text', 'report', () => own({ statuses: [], events: 'x' }), 'events'],
  [
    'an event that counts NaN',
    'report',
    () =>
      own({
        statuses: [],
        events: [{ task, type: 'normal', reason: 'Pulled', message: '', count: Number.NaN }],
      }),
    'events[0].count',
  ],
  [
    'an event with a reason of several words',
    'report',
    () => own({ statuses: [], events: [{ task, type: 'normal', reason: 'a b', message: '', count: 1 }] }),
    'events[0].reason',
  ],
  ['a load balancer without a session', 'ingress', () => ({ ...INGRESS, session: undefined }), 'session'],
  ['an applied version that is NaN', 'ingress', () => ({ ...INGRESS, applied: Number.NaN }), 'applied'],
  ['statuses of frontends that are text', 'ingress', () => ({ ...INGRESS, statuses: 'x' }), 'statuses'],
  [
    'a frontend on port -1',
    'ingress',
    () => ({ ...INGRESS, statuses: [{ id: 'x', address: 'x', port: -1 }] }),
    'statuses[0].port',
  ],
  [
    'ejections that are counted below 0',
    'ingress',
    () => ({ ...INGRESS, ejections: [{ ...EJECTION, ejections: -1 }] }),
    'ejections[0].ejections',
  ],
  [
    'ejections without a reason',
    'ingress',
    () => ({ ...INGRESS, ejections: [{ ...EJECTION, reason: undefined }] }),
    'ejections[0].reason',
  ],
  ['busy tasks that are numbers', 'ingress', () => ({ ...INGRESS, busy: [1] }), 'busy[0]'],
];

describe('the control plane', () => {
  test.each(rows)('rejects, with INVALID_OBJECT and its path: %s', async (_what, subject, payload, path) => {
    const before = await stored();
    await expect(bus.request(SUBJECTS[subject], payload(), ASK)).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [{ path }],
    });
    expect(await stored()).toEqual(before);
  });

  test.each(['__proto__', 'team/a', 'Node', '-x', 'a:b', 'x'.repeat(64), 'x'.repeat(10_000)])(
    'rejects a sender that cannot be a node: %.20s',
    async (sender) => {
      const before = await stored();
      for (const subject of [names.dispatch(sender).register, names.ingress(sender)]) {
        await expect(bus.request(subject, { ...REGISTER, ...INGRESS }, ASK)).rejects.toMatchObject({
          code: 'INVALID_OBJECT',
          message: expect.stringMatching(/^sender: /),
        });
      }
      expect(await stored()).toEqual(before);
    },
  );

  test('takes the node from the subject, whatever the payload says', async () => {
    const { status } = await node('node-1');
    const forged = { ...REGISTER, node: 'node-1', capacity: { cpu: 7 } };
    await bus.request(names.dispatch('guest').register, forged, ASK);
    expect((await node('node-1')).status).toEqual(status);
    expect((await node('guest')).status.capacity).toEqual({ cpu: 7 });
    const report = {
      session: 's1',
      node: 'node-1',
      statuses: [{ task, status: { ...STATUS, state: 'failed' } }],
    };
    const reply = await bus.request(names.dispatch('guest').report, report, ASK);
    expect(reply).toEqual({ unknown: [task] });
    expect((await cluster.api.get('task', task)).status.state).toBe('running');
  });

  test('answers a pull since a revision that the store has not reached with everything', async () => {
    const pull = async (since: number): Promise<PullReply> =>
      messages.pullReply(await bus.request(SUBJECTS.pull, own({ since }), ASK));
    const now = await pull(0);
    expect(now.assignments.map(({ name }) => name)).toEqual([task]);
    expect((await pull(now.revision)).full).toBe(false);
    expect(await pull(Number.MAX_SAFE_INTEGER)).toEqual(now);
  });

  test('stores only the fields of a status that it knows', async () => {
    const { status } = await cluster.api.get('task', task);
    const report = own({
      statuses: [{ task, status: { ...status, message: 'known', later: 'x'.repeat(1000) } }],
    });
    await bus.request(SUBJECTS.report, report, ASK);
    const now = (await cluster.api.get('task', task)).status;
    expect(now.message).toBe('known');
    expect(now).not.toHaveProperty('later');
  });

  test('rejects 5,000 random payloads on each subject, and stores none of them', async () => {
    const json = new RandomJson(new SeededRandom(9));
    const codes = new Map<string, number>();
    const right: Record<string, object> = {
      register: REGISTER,
      heartbeat: own({}),
      pull: own({ since: 0 }),
      report: reporting({}),
      ingress: INGRESS,
    };
    const before = await stored();
    const known = new Set((await cluster.api.list('node')).items.map(({ meta }) => meta.name));
    for (const [subject, payload] of Object.entries(right)) {
      for (let round = 0; round < 1000; round++) {
        const broken = mutated(payload, json);
        try {
          await bus.request(SUBJECTS[subject as 'pull'], broken, ASK);
          codes.set('taken', (codes.get('taken') ?? 0) + 1);
        } catch (error) {
          const { code } = error as { code: string };
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }
      }
    }
    for (const { meta } of (await cluster.api.list('node')).items) {
      expect(known.has(meta.name) || /^[a-z0-9-]{1,63}$/.test(meta.name)).toBe(true);
    }
    expect(
      [...codes.keys()].filter((code) => !['taken', 'INVALID_OBJECT', 'CONFLICT'].includes(code)),
    ).toEqual([]);
    expect(codes.get('INVALID_OBJECT') ?? 0).toBeGreaterThan(2000);
    // Accepted messages were valid by coincidence: a node with a valid name, or a status that changes nothing.
    const after = (await stored()) as readonly (readonly [string, unknown])[];
    const keys = new Set((before as typeof after).map(([key]) => key));
    expect(
      after.map(([key]) => key).filter((key) => !keys.has(key) && !/^nodes?\/[a-z0-9-]+$/.test(key)),
    ).toEqual([]);
    expect((await cluster.api.get('service', 'web')).status.ready).toBe(1);
    await cluster.api.patch('service', 'web', { meta: { labels: { after: 'all' } } });
    expect((await cluster.api.get('service', 'web')).meta.labels).toEqual({ after: 'all' });
  }, 60_000);
});

test('a valid message is returned unchanged', () => {
  expect(messages.register(REGISTER)).toBe(REGISTER);
  const request = { op: 'write', stream: 'abc', data: '', end: true };
  expect(messages.agent(request)).toBe(request);
});
