import { MemoryBus } from '@gantry/bus-memory';
import { type Bus, isGantryError, type Leadership } from '@gantry/core';
import { messages, type ServerMessage, subjects } from '@gantry/core/protocol';
import { MemoryStore } from '@gantry/store-memory';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LeadingMark } from '../src/servers/leading-mark.ts';
import { ServerPresence } from '../src/servers/server-presence.ts';
import { ServerRegistry } from '../src/servers/server-registry.ts';
import { MAX_SERVERS, type ServerTable, withMessage } from '../src/servers/server-table.ts';
import { clusterPerTest } from './support/cluster.ts';

const NAMES = subjects('gantry');
const HEARTBEAT_MS = 2000;

let clock: TestClock;
let bus: MemoryBus;
let holder: string | undefined;
let open: Member[];

beforeEach(() => {
  clock = new TestClock();
  bus = new MemoryBus(clock, silentLogger);
  holder = undefined;
  open = [];
});
afterEach(async () => {
  for (const { presence } of open) await presence[Symbol.asyncDispose]();
  expect(clock.pending).toBe(0);
  await bus[Symbol.asyncDispose]();
});

/** One server; `cut` keeps its messages from the others and theirs from it. */
interface Member {
  readonly registry: ServerRegistry;
  readonly presence: ServerPresence;
  readonly id: string;
  cut: boolean;
  sent: number;
}

async function join(name: string, id = `${name}-1`): Promise<Member> {
  const registry = new ServerRegistry({ clock, random: new SeededRandom(1) });
  const leadership = {
    identity: id,
    get leader() {
      return holder;
    },
  } as Leadership;
  const link = {
    publish: (subject, payload) => {
      member.sent++;
      if (!member.cut) bus.publish(subject, payload);
    },
    subscribe: (pattern, handler) =>
      bus.subscribe(pattern, (message) => {
        if (!member.cut) handler(message);
      }),
  } as Bus;
  const cluster = { name: 'gantry' };
  const presence = new ServerPresence(
    { registry, cluster, leadership, bus: link, clock, logger: silentLogger },
    { identity: name, heartbeatMs: HEARTBEAT_MS },
  );
  const member: Member = { registry, presence, id, cut: false, sent: 0 };
  open.push(member);
  await presence.start();
  await clock.settle();
  return member;
}

const seenBy = ({ registry }: Member): readonly string[] =>
  registry.list().map(({ meta, status }) => `${meta.name} ${status.role} ${status.state}`);

describe('servers over one bus', () => {
  test('know each other after one heartbeat, and which of them holds the lease', async () => {
    const [a, b] = [await join('a'), await join('b')];
    holder = a.id;
    a.registry.leads({ since: clock.now(), term: 7 });
    const withdraw = a.registry.advertise('https://10.0.0.1:7443');
    await clock.advance(HEARTBEAT_MS);
    for (const member of [a, b]) expect(seenBy(member)).toEqual(['a leader ready', 'b standby ready']);
    expect(b.registry.list()[0]).toMatchObject({
      kind: 'server',
      meta: { name: 'a', uid: 'a-1' },
      status: { term: 7, leaderSince: expect.any(Number), urls: ['https://10.0.0.1:7443'] },
    });
    expect(b.registry.list()[1]?.status).not.toHaveProperty('term');
    withdraw();
    withdraw();
    await clock.settle();
    expect(b.registry.list()[0]?.status.urls).toEqual([]);
  });

  test('announce immediately that one of them leads, without waiting for its heartbeat', async () => {
    const [a, b] = [await join('a'), await join('b')];
    await clock.advance(HEARTBEAT_MS);
    holder = b.id;
    b.registry.leads({ since: 5, term: 2 });
    await clock.settle();
    expect(a.registry.list()[1]?.status).toMatchObject({ role: 'leader', leaderSince: 5, term: 2 });
    holder = a.id;
    expect(a.registry.list()[1]?.status).not.toHaveProperty('leaderSince');
  });

  test('show a silent one as unreachable after 6 s, and no longer after 10 min', async () => {
    const [a, b] = [await join('a'), await join('b')];
    holder = b.id;
    await clock.advance(HEARTBEAT_MS);
    b.cut = true;
    const last = clock.now();
    await clock.advance(5999);
    expect(seenBy(a)).toEqual(['a standby ready', 'b leader ready']);
    await clock.advance(1);
    expect(seenBy(a)).toEqual(['a standby ready', 'b leader unreachable']);
    expect(seenBy(b)).toEqual(['a standby unreachable', 'b standby ready']);
    expect(a.registry.list()[1]?.status.lastSeenAt).toBe(last);
    holder = a.id;
    a.registry.leads({ since: clock.now() });
    expect(seenBy(a)).toEqual(['a leader ready', 'b standby unreachable']);
    await clock.advance(10 * 60_000 - 6000);
    expect(seenBy(a)).toEqual(['a leader ready']);
    b.cut = false;
    await clock.advance(HEARTBEAT_MS);
    expect(seenBy(a)).toEqual(['a leader ready', 'b standby ready']);
  });

  test('no longer list one that was closed', async () => {
    const [a, b] = [await join('a'), await join('b')];
    await clock.advance(HEARTBEAT_MS);
    await b.presence[Symbol.asyncDispose]();
    await b.presence[Symbol.asyncDispose]();
    await clock.settle();
    expect(seenBy(a)).toEqual(['a standby ready']);
    const { sent } = b;
    b.registry.leads({ since: 1 });
    await clock.advance(10 * HEARTBEAT_MS);
    expect(b.sent).toBe(sent);
  });

  test('are listed by their ids if they have the same identity, and a restarted one replaces the one that died', async () => {
    const [a, b] = [await join('a'), await join('b')];
    await clock.advance(HEARTBEAT_MS);
    b.cut = true;
    await clock.advance(1);
    await join('b', 'b-2');
    expect(seenBy(a)).toEqual(['a standby ready', 'b standby ready', 'b-1 standby ready']);
    expect(a.registry.list().map(({ meta }) => meta.uid)).toEqual(['a-1', 'b-2', 'b-1']);
    await clock.advance(4 * HEARTBEAT_MS);
    expect(seenBy(a)).toEqual(['a standby ready', 'b standby ready']);
  });

  test('know each other as soon as a further one has started, not with the next message', async () => {
    const a = await join('a');
    const b = await join('b');
    await clock.settle();
    expect(seenBy(a)).toEqual(['a standby ready', 'b standby ready']);
    expect(seenBy(b)).toEqual(['a standby ready', 'b standby ready']);
    const sent = a.sent + b.sent;
    await clock.settle();
    expect(a.sent + b.sent).toBe(sent);
  });

  test.each([
    ['nothing', null],
    ['text', 'a'],
    ['no id', { server: undefined }],
    ['a name with an escape sequence', { name: '\u001b[31mred' }],
    ['a name with a slash', { name: '../x' }],
    ['a version of 65 characters', { version: 'x'.repeat(65) }],
    ['a version with spaces', { version: '1 2' }],
    ['a start that is NaN', { startedAt: Number.NaN }],
    ['URLs that are text', { urls: 'http://x' }],
    ['17 URLs', { urls: Array.from({ length: 17 }, () => 'http://x') }],
    ['a URL with an escape sequence', { urls: ['http://\u001b[31mred'] }],
    ['a term that is text', { leading: { since: 1, term: 'x' } }],
    ['leading without a time', { leading: {} }],
    ['gone that is text', { gone: 'yes' }],
  ])('reject a message with %s', async (_what, wrong) => {
    const a = await join('a');
    const right: ServerMessage = { server: 'x-1', name: 'x', version: '0.1.0', startedAt: 1, urls: [] };
    const payload = typeof wrong === 'object' && wrong !== null ? { ...right, ...wrong } : wrong;
    expect(() => messages.server(payload)).toThrow(/message of a server/);
    bus.publish(NAMES.servers('x-1'), payload);
    await clock.settle();
    expect(seenBy(a)).toEqual(['a standby ready']);
    bus.publish(NAMES.servers('x-1'), { ...right, later: 'versions may say more' });
    await clock.settle();
    expect(seenBy(a)).toEqual(['a standby ready', 'x standby ready']);
  });

  test('ignore messages in their own name: another process can neither rename nor remove a server', async () => {
    const a = await join('a');
    const forged = { server: a.id, name: 'z', version: '9', startedAt: 1, urls: [], gone: true };
    bus.publish(NAMES.servers(a.id), forged);
    await clock.settle();
    expect(seenBy(a)).toEqual(['a standby ready']);
  });
});

describe('the table of servers', () => {
  const message = (index: number): ServerMessage => ({
    server: `s${index}-x`,
    name: `s${index}`,
    version: '0.1.0',
    startedAt: index,
    urls: [],
  });
  const full = (): ServerTable =>
    Array.from({ length: MAX_SERVERS }, (_, index) => message(index)).reduce<ServerTable>(
      (table, each, index) => withMessage(table, each, index),
      new Map(),
    );

  test(`keeps at most ${MAX_SERVERS}: a further one replaces the one that has been silent longest`, () => {
    const table = full();
    expect(table.size).toBe(MAX_SERVERS);
    expect(withMessage(table, message(999), 5999).has('s999-x')).toBe(false);
    const later = withMessage(table, message(999), 6000);
    expect([later.size, later.has('s0-x'), later.has('s1-x'), later.has('s999-x')]).toEqual([
      MAX_SERVERS,
      false,
      true,
      true,
    ]);
    expect(withMessage(table, message(3), 100).size).toBe(MAX_SERVERS);
    expect(withMessage(table, { ...message(3), gone: true }, 100).size).toBe(MAX_SERVERS - 1);
  });
});

describe('a term', () => {
  test.each([
    ['of this process is named by its number', { number: 4, holder: 's-1' }, 4],
    ['of another process is not', { number: 4, holder: 's-2' }, undefined],
    ['that is malformed is not', { number: 'x' }, undefined],
  ])('%s', async (_what, value, term) => {
    const store = new MemoryStore();
    await store.commit([{ key: 'leader/term', value, expect: 'absent' }]);
    const registry = new ServerRegistry({ clock, random: new SeededRandom(1) });
    registry.join({ server: 's-1', name: 's', leader: () => 's-1', changed: () => undefined });
    const mark = new LeadingMark({ registry, store, clock });
    expect(registry.list()[0]?.status.role).toBe('standby');
    await mark.start(new AbortController().signal);
    expect(registry.list()[0]?.status).toMatchObject({ role: 'leader', leaderSince: clock.now() });
    expect(registry.list()[0]?.status.term).toBe(term);
    await mark[Symbol.asyncDispose]();
    expect(registry.list()[0]?.status.role).toBe('standby');
  });

  test('leaves no mark if it ends while its number is read', async () => {
    const store = new MemoryStore();
    const registry = new ServerRegistry({ clock, random: new SeededRandom(1) });
    const mark = new LeadingMark({ registry, store, clock });
    const starting = mark.start(new AbortController().signal);
    await mark[Symbol.asyncDispose]();
    await starting;
    expect(registry.list()[0]?.status.role).toBe('standby');
  });

  test('is led even if its number cannot be read', async () => {
    const store = { get: async () => Promise.reject(new Error('down')) } as unknown as MemoryStore;
    const registry = new ServerRegistry({ clock, random: new SeededRandom(1) });
    await new LeadingMark({ registry, store, clock }).start(new AbortController().signal);
    expect(registry.list()[0]?.status).toMatchObject({ role: 'leader', leaderSince: clock.now() });
  });
});

describe('a cluster without an election', () => {
  const cluster = clusterPerTest();

  test('has one server, which leads and announces nothing', async () => {
    const { api, bus: own } = await cluster({ nodes: 1 });
    const told: unknown[] = [];
    own.subscribe(NAMES.servers('>'), (message) => told.push(message));
    const servers = await api.servers();
    expect(servers).toMatchObject([
      { kind: 'server', meta: { name: 'server' }, status: { role: 'leader', state: 'ready', urls: [] } },
    ]);
    expect(servers[0]?.status).not.toHaveProperty('term');
    expect((await api.servers())[0]?.meta.uid).toBe(servers[0]?.meta.uid);
    expect(told).toEqual([]);
    const error: unknown = await api.servers({ signal: AbortSignal.abort() }).catch((each: unknown) => each);
    expect(isGantryError(error, 'ABORTED')).toBe(true);
  });
});
