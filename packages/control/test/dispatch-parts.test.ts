import {
  type Backend,
  contracts,
  type Frontend,
  type Kind,
  type KindMap,
  keyOf,
  type Service,
  type Task,
  type Views,
} from '@gantry/core';
import { type Cluster, createCluster, storeViews } from '@gantry/host';
import { MemoryStore } from '@gantry/store-memory';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { AssignmentLog } from '../src/dispatch/assignment-log.ts';
import { frontendsOf } from '../src/dispatch/frontends.ts';
import { IngressHub } from '../src/dispatch/ingress-hub.ts';
import { PublishedPorts } from '../src/dispatch/published-ports.ts';
import { writeReports } from '../src/dispatch/reports.ts';
import { Sessions } from '../src/dispatch/sessions.ts';
import { StoreEventRecorder } from '../src/events/store-event-recorder.ts';
import { GarbageCollector } from '../src/garbage-collector.ts';
import { given } from './support/cluster.ts';
import { hashOf, node, service, T0, task } from './support/objects.ts';

let open: Cluster | undefined;

afterEach(async () => {
  await open?.[Symbol.asyncDispose]();
  open = undefined;
});

/** Views of a store, with nothing that acts on them. */
async function still() {
  const clock = new TestClock(T0);
  const store = new MemoryStore();
  open = await createCluster(
    [
      given(contracts.clock, clock),
      given(contracts.random, new SeededRandom(1)),
      given(contracts.logger, silentLogger),
      given(contracts.store, store),
      storeViews(),
    ],
    { nodes: 0 },
  );
  const views: Views = open.get(contracts.views);
  const put = async <K extends Kind>(kind: K, ...objects: readonly KindMap[K][]): Promise<void> => {
    await store.commit(objects.map((value) => ({ key: keyOf(kind, value.meta.name), value })));
    await clock.settle();
  };
  const stored = async <K extends Kind>(kind: K, name: string): Promise<KindMap[K] | undefined> =>
    (await store.get(keyOf(kind, name)))?.value as KindMap[K] | undefined;
  return { clock, store, views, put, stored };
}

const ports = [
  { target: 80, published: 8080 },
  { target: 81 },
  { target: 82, published: 9000, mode: 'host' as const },
];
const at = (port: number) => [{ target: 80, protocol: 'tcp' as const, address: '10.0.0.1', port }];
const serving = (of: Service, slot: string, more: Parameters<typeof task>[1] = {}): Task =>
  task(of, { slot, ...more, status: { ports: at(Number(slot)), ...more?.status } });

describe('the frontends of a service', () => {
  const web = service({ template: { ports } });
  const backends = (...tasks: readonly Task[]): readonly Backend[] =>
    (frontendsOf(web, tasks, (name) => name !== 'down')[0] as Frontend).backends;

  test('are its published ports in ingress mode', () => {
    expect(frontendsOf(web, [], () => true)).toEqual([
      expect.objectContaining({ id: 'web/80/tcp', port: 8080, policy: 'round-robin', backends: [] }),
    ]);
  });

  test('have the tasks that are ready, and drain those that are told to stop', () => {
    expect(backends(serving(web, '1'), serving(web, '2', { desired: 'shutdown' }))).toEqual([
      { id: 'web.1.1', address: '10.0.0.1', port: 1, state: 'ready' },
      { id: 'web.2.1', address: '10.0.0.1', port: 2, state: 'draining' },
    ]);
  });

  test.each<[string, Parameters<typeof task>[1]]>([
    ['that is not ready', { status: { ready: false } }],
    ['that is starting', { status: { state: 'starting' } }],
    ['that has ended', { status: { state: 'failed' } }],
    ['on a node that is down', { node: 'down' }],
    ['without an address', { status: { ports: undefined } }],
  ])('leave out a task %s', (_what, more) => {
    expect(backends(serving(web, '1', more))).toEqual([]);
  });

  test('drain a task that is already stopping', () => {
    const stopping = serving(web, '1', { desired: 'shutdown', status: { state: 'stopping', ready: false } });
    expect(backends(stopping)).toMatchObject([{ state: 'draining' }]);
  });
});

describe('the hub of load balancers', () => {
  async function hub() {
    const world = await still();
    const web = service({ template: { ports } });
    await world.put('node', node('n1'));
    await world.put('service', web);
    await world.put('task', serving(web, '1'), serving(web, '2'));
    const it = new IngressHub(world.views, world.clock, 'h1');
    world.views.of('task').subscribe((events) => {
      it.noteTasks(events);
      it.refresh();
    });
    const ask = (session: string, applied: number, busy: readonly string[] = [], of = 'h1') =>
      it.answer({ session, hub: of, applied, statuses: [], busy });
    await world.clock.advance(6000); // it has met whoever there is
    const drain = (slot: string) => world.put('task', serving(web, slot, { desired: 'shutdown' }));
    return { ...world, it, ask, drain };
  }

  test('gives all frontends to a load balancer that is behind, and none to others', async () => {
    const { it, ask } = await hub();
    const { reply } = ask('lb', 0);
    expect(reply.frontends?.[0]?.backends).toHaveLength(2);
    expect(ask('lb', it.version).reply).toEqual({ hub: 'h1', version: it.version });
  });

  test('knows the backends of each frontend', async () => {
    const { it } = await hub();
    expect(it.hasBackend('web/80/tcp', 'web.1.1')).toBe(true);
    expect(it.hasBackend('web/81/tcp', 'web.1.1')).toBe(false);
    expect(it.hasBackend('web/80/tcp', 'other.1.1')).toBe(false);
  });

  test('a task is drained once every load balancer has applied that it drains, and none is busy with it', async () => {
    const { it, ask, drain } = await hub();
    for (const lb of ['a', 'b']) ask(lb, it.version);
    await drain('1');
    expect(it.isDrained('web.1.1')).toBe(false);
    expect(ask('a', it.version).drained).toEqual([]);
    expect(ask('b', it.version, ['web.1.1']).drained).toEqual([]);
    expect(ask('a', it.version).drained).toEqual([]);
    expect(ask('b', it.version).drained).toEqual(['web.1.1']);
    expect(ask('b', it.version).drained).toEqual([]);
    expect(it.isDrained('web.1.1')).toBe(true);
  });

  test('a version from before the drain does not count', async () => {
    const { it, ask, drain } = await hub();
    ask('a', it.version);
    const before = it.version;
    await drain('1');
    expect(ask('a', before).drained).toEqual([]);
    expect(it.isDrained('web.1.1')).toBe(false);
  });

  test('a load balancer that is silent for 15 s is not waited for', async () => {
    const { it, ask, drain, clock } = await hub();
    for (const lb of ['a', 'b']) ask(lb, it.version);
    await drain('1');
    ask('a', it.version);
    await clock.advance(15_000);
    expect(it.isDrained('web.1.1')).toBe(false);
    await clock.advance(1);
    expect(it.isDrained('web.1.1')).toBe(true);
  });

  test('a version of another hub does not count', async () => {
    const { it, ask, drain } = await hub();
    const { reply } = ask('a', it.version, [], 'h0');
    expect(reply).toMatchObject({ hub: 'h1', version: it.version });
    expect(reply.frontends).toBeDefined();
    await drain('1');
    expect(ask('a', it.version, [], 'h0').drained).toEqual([]);
    expect(it.isDrained('web.1.1')).toBe(false);
    expect(ask('a', it.version).drained).toEqual(['web.1.1']);
  });

  test('a hub that is new waits for load balancers it may not have met, where tasks were served before', async () => {
    const { clock, views, drain, put } = await hub();
    const it = new IngressHub(views, clock, 'h2');
    views.of('task').subscribe((events) => {
      it.noteTasks(events);
      it.refresh();
    });
    await drain('1');
    await put('task', serving(service({ template: { ports } }), '3', { desired: 'shutdown' }));
    expect(it.isDrained('web.1.1')).toBe(false);
    expect(it.isDrained('web.3.1')).toBe(true);
    await clock.advance(6000);
    expect(it.isDrained('web.1.1')).toBe(true);
  });

  test('a task whose node was down is drained only once every load balancer knows that', async () => {
    const { it, ask, put, views, drain } = await hub();
    views.of('node').subscribe((events) => {
      it.noteNodes(events);
      it.refresh();
    });
    ask('cut-off', it.version);
    await put('node', node('n1', { state: 'down' }));
    await drain('1');
    expect(it.isDrained('web.1.1')).toBe(false);
    expect(ask('cut-off', 1).drained).toEqual([]);
    expect(ask('cut-off', it.version).drained).toEqual(['web.1.1', 'web.2.1']);
    expect(it.isDrained('web.1.1')).toBe(true);
  });

  test('a task that no load balancer ever knew is drained', async () => {
    const { it } = await hub();
    expect(it.isDrained('other.1.1')).toBe(true);
  });

  test('its version grows only when a frontend has changed', async () => {
    const { it, put } = await hub();
    const { version } = it;
    const web = service({ template: { ports } });
    await put('task', serving(web, '1', { status: { message: 'new words' } }));
    expect(it.version).toBe(version);
    await put('task', serving(web, '1', { status: { ready: false } }));
    expect(it.version).toBe(version + 1);
  });
});

describe('reports', () => {
  const web = service();
  const running = { state: 'running', since: T0, ready: true } as const;

  async function reporting(...tasks: readonly Task[]) {
    const world = await still();
    await world.put('task', ...tasks);
    const report = (name: string, status: Task['status'], from = 'n1') =>
      writeReports(world.store, world.views.of('task'), from, [{ task: name, status }]);
    return { ...world, report };
  }

  test('move a task forward', async () => {
    const { report, stored } = await reporting(task(web, { status: { state: 'assigned' } }));
    expect(await report('web.1.1', running)).toEqual([]);
    expect((await stored('task', 'web.1.1'))?.status).toEqual(running);
  });

  test('a stale report that would move a task backwards is dropped, and so is one without news', async () => {
    const { report, store } = await reporting(
      task(web, { status: { ...running } }),
      task(web, { attempt: 2, status: { state: 'failed' } }),
    );
    const before = await store.list('');
    expect(await report('web.1.1', { state: 'starting', since: T0, ready: false })).toEqual([]);
    expect(await report('web.1.2', running)).toEqual([]);
    await report('web.1.1', running);
    expect(await store.list('')).toEqual(before);
  });

  test('reports on unknown tasks, or on tasks of another node, are answered as unknown', async () => {
    const { report } = await reporting(task(web));
    expect(await report('none.1.1', running)).toEqual(['none.1.1']);
    expect(await report('web.1.1', running, 'n2')).toEqual(['web.1.1']);
  });

  test('reports are written on top of concurrent changes by others', async () => {
    const { report, store, stored } = await reporting(task(web, { status: { state: 'assigned' } }));
    const told = task(web, { desired: 'shutdown', status: { state: 'assigned' } });
    await store.commit([{ key: 'tasks/web.1.1', value: told }]); // the view has not received it yet
    await report('web.1.1', running);
    expect(await stored('task', 'web.1.1')).toMatchObject({ spec: { desired: 'shutdown' }, status: running });
  });

  test('a report on a task that was deleted in the meantime is answered as unknown', async () => {
    const { report, store } = await reporting(task(web, { status: { state: 'assigned' } }));
    await store.commit([{ key: 'tasks/web.1.1', value: undefined }]);
    expect(await report('web.1.1', running)).toEqual(['web.1.1']);
  });
});

describe('the log of assignments', () => {
  const tasks = (log: AssignmentLog, node: string, since: number) => {
    const changed = log.since(node, since);
    return changed === undefined ? undefined : [...changed].sort();
  };

  test('returns what has changed after a revision, each task once', () => {
    const log = new AssignmentLog(3);
    log.add('n1', 'a', 5);
    log.add('n1', 'b', 7);
    log.add('n1', 'c', 7);
    log.add('n1', 'b', 9);
    log.add('n2', 'd', 8);
    expect(tasks(log, 'n1', 4)).toEqual(['a', 'b', 'c']);
    expect(tasks(log, 'n1', 5)).toEqual(['b', 'c']);
    expect(tasks(log, 'n1', 7)).toEqual(['b']);
    expect(tasks(log, 'n1', 9)).toEqual([]);
    expect(tasks(log, 'n3', 3)).toEqual([]);
  });

  test('knows nothing of what happened before it began', () => {
    const log = new AssignmentLog(3);
    log.add('n1', 'a', 5);
    expect([tasks(log, 'n1', 2), tasks(log, 'n1', 3), tasks(log, 'n2', 2)]).toEqual([
      undefined,
      ['a'],
      undefined,
    ]);
  });

  test('is bounded, and admits what it has forgotten', () => {
    const log = new AssignmentLog(3);
    for (let revision = 4; revision <= 5000; revision++) log.add('n1', `t${revision}`, revision);
    expect(tasks(log, 'n1', 4)).toBeUndefined();
    const all = Array.from({ length: 5000 }, (_, index) => index + 1);
    const oldest = all.find((since) => tasks(log, 'n1', since) !== undefined) as number;
    expect(tasks(log, 'n1', oldest)).toHaveLength(5000 - oldest);
    expect(5000 - oldest).toBeGreaterThanOrEqual(1000);
    expect(5000 - oldest).toBeLessThanOrEqual(2000);
    log.forget('n1');
    expect(tasks(log, 'n1', 3)).toEqual([]);
  });
});

describe('sessions', () => {
  test('only the last session of a node counts, with the time since its last contact', async () => {
    const clock = new TestClock();
    const sessions = new Sessions(clock);
    expect([sessions.touch('n1', 's1'), sessions.silentFor('n1')]).toEqual([false, undefined]);
    sessions.open('n1', 's1');
    await clock.advance(100);
    expect(sessions.silentFor('n1')).toBe(100);
    expect(sessions.touch('n1', 's1')).toBe(true);
    expect(sessions.silentFor('n1')).toBe(0);
    sessions.open('n1', 's2');
    expect(sessions.touch('n1', 's1')).toBe(false);
    sessions.forget('n1');
    expect(sessions.touch('n1', 's2')).toBe(false);
  });
});

describe('published ports', () => {
  test('are written into their service with a condition, and an error becomes an event, once', async () => {
    const { clock, store, views, put, stored } = await still();
    await put('service', service({ template: { ports } }));
    const events: string[] = [];
    const recorder = { record: (_of: unknown, _type: string, reason: string) => void events.push(reason) };
    const published = new PublishedPorts({ store, views, clock, events: recorder, logger: silentLogger });
    const status = { id: 'web/80/tcp', address: '127.0.0.1', port: 8080 };
    published.note([status]);
    await clock.settle();
    expect((await stored('service', 'web'))?.status).toMatchObject({
      published: [{ target: 80, protocol: 'tcp', port: 8080 }],
      conditions: [{ type: 'Published', status: 'true' }],
    });
    for (let i = 0; i < 3; i++) {
      published.note([{ ...status, error: { code: 'CONFLICT', message: 'in use' } }]);
      await clock.settle();
    }
    expect((await stored('service', 'web'))?.status).toMatchObject({
      published: [],
      conditions: [{ type: 'Published', status: 'false', message: 'port 8080: in use' }],
    });
    expect(events).toEqual(['PortUnavailable']);
  });
});

describe('garbage', () => {
  test('is what no service, history or task points at, and is old', async () => {
    const { clock, store, views, put } = await still();
    const options = { everyMs: 1000, templateAgeMs: 5000, eventAgeMs: 60_000, maxEvents: 2 };
    const template = (name: string, createdAt = T0) => ({
      kind: 'template' as const,
      meta: { name, uid: name, generation: 1, createdAt, labels: {} },
      spec: service().spec.template,
    });
    const web = service();
    const history = [{ template: 'past', generation: 1, at: T0 }];
    await put('service', { ...web, status: { ...web.status, template: 'now', history } });
    await put('task', task(web, { template: 'running' }));
    await put(
      'template',
      ...['past', 'now', 'running', 'unused'].map((name) => template(name)),
      template('young', T0 + 9000),
    );
    const collector = new GarbageCollector(store, views, clock, silentLogger, options);
    expect(collector.candidates()).toEqual([]);
    await clock.advance(5001);
    expect(collector.candidates().map(({ key }) => key)).toEqual(['templates/unused']);
    await collector.start();
    await clock.advance(1000);
    expect((await store.list('templates/')).entries).toHaveLength(4);
    await collector[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });
});

describe('events', () => {
  async function recorder() {
    const world = await still();
    const it = new StoreEventRecorder(world.store, world.clock, new SeededRandom(1), silentLogger);
    const list = async () =>
      (await world.store.list('events/')).entries.map(({ value }) => value as KindMap['event']);
    return { ...world, it, list };
  }
  const web = { kind: 'service', name: 'web' } as const;

  test('are written together after a moment, and repeats are counted', async () => {
    const { it, clock, list } = await recorder();
    it.record(web, 'normal', 'Started', 'it started');
    it.record(web, 'warning', 'Failed', 'it failed');
    it.record(web, 'normal', 'Started', 'it started');
    expect(await list()).toEqual([]);
    await clock.advance(50);
    expect((await list()).map(({ spec }) => `${spec.reason} ${spec.count}`).sort()).toEqual([
      'Failed 1',
      'Started 2',
    ]);
    await clock.advance(1000);
    it.record(web, 'normal', 'Started', 'it started');
    await clock.advance(50);
    const again = (await list()).find(({ spec }) => spec.reason === 'Started');
    expect(again?.spec).toMatchObject({ count: 3, firstAt: T0, lastAt: T0 + 1050 });
    expect(await list()).toHaveLength(2);
  });

  test('a thousand and more are not all remembered, and none is lost for it', async () => {
    const { it, clock, list } = await recorder();
    for (let index = 0; index < 900; index++) it.record(web, 'normal', 'Did', `thing ${index}`);
    await clock.advance(50);
    for (let index = 900; index < 1500; index++) it.record(web, 'normal', 'Did', `thing ${index}`);
    await clock.advance(50);
    expect(await list()).toHaveLength(1500);
  });

  test('nothing is recorded once it is closed, and no timer stays', async () => {
    const { it, clock, list } = await recorder();
    it.record(web, 'normal', 'Started', 'x');
    await it[Symbol.asyncDispose]();
    it.record(web, 'normal', 'Started', 'y');
    expect(clock.pending).toBe(0);
    await clock.advance(1000);
    expect((await list()).length).toBeLessThanOrEqual(1);
  });
});

test('the hash of a template is what tasks of these tests point at', () => {
  expect(task(service()).spec.template).toBe(hashOf(service()));
});
