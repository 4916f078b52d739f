import type { Backend, Frontend, FrontendStatus } from '@gantry/core/contracts';
import type { Service, Task } from '@gantry/core/model';
import { silentLogger } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { balancerIssues, balancersOf } from '../src/api/balancer-admission.ts';
import { BalancerReports } from '../src/dispatch/balancer-reports.ts';
import { frontendsOf } from '../src/dispatch/frontends.ts';
import { IngressHub } from '../src/dispatch/ingress-hub.ts';
import { PublishedPorts, publishedCondition, servedPorts } from '../src/dispatch/published-ports.ts';
import { node, service, T0, task } from './support/objects.ts';
import { stillPerTest } from './support/still.ts';

const still = stillPerTest();

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

  test('have the ready tasks, and drain those that are asked to stop', () => {
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
      it.answer('m1', { session, hub: of, applied, statuses: [], busy });
    await world.clock.advance(6000); // it has met whoever there is
    const drain = (slot: string) => world.put('task', serving(web, slot, { desired: 'shutdown' }));
    return { ...world, it, ask, drain };
  }

  test('sends all frontends to a load balancer that is behind, and none to one that is not', async () => {
    const { it, ask } = await hub();
    const { reply } = ask('lb', 0);
    expect(reply).toMatchObject({ full: true, networks: [] });
    expect(reply.changed.web?.[0]?.backends).toHaveLength(2);
    expect(ask('lb', it.version).reply).toEqual({ hub: 'h1', version: it.version, changed: {}, full: false });
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
    expect(reply.full).toBe(true);
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

  test('a task whose node was down is drained only once every load balancer knows', async () => {
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

describe('published ports', () => {
  const status = { id: 'web/80/tcp', address: '127.0.0.1', port: 8080 };
  const taken: FrontendStatus = { ...status, error: { code: 'CONFLICT', message: 'in use' } };

  async function publishing() {
    const world = await still();
    await world.put('service', service({ template: { ports } }));
    const events: string[] = [];
    const recorder = { record: (_of: unknown, _type: string, reason: string) => void events.push(reason) };
    const published = new PublishedPorts({ ...world, events: recorder, logger: silentLogger });
    const reports = new BalancerReports();
    const report = async (machine: string, ...statuses: readonly FrontendStatus[]) => {
      published.note(reports.note(machine, machine, statuses), (name) => reports.of(name));
      await world.clock.settle();
      return (await world.stored('service', 'web'))?.status;
    };
    return { ...world, events, report, published, reports };
  }

  test('are written into their service with a condition, and an error becomes an event, once', async () => {
    const { events, report } = await publishing();
    expect(await report('m1', status)).toMatchObject({
      published: [{ target: 80, protocol: 'tcp', port: 8080 }],
      conditions: [{ type: 'Published', status: 'true' }],
    });
    for (let i = 0; i < 3; i++) await report('m1', taken);
    expect(await report('m1', taken)).toMatchObject({
      published: [],
      conditions: [{ type: 'Published', status: 'false', message: 'port 8080: in use (on m1)' }],
    });
    expect(events).toEqual(['PortUnavailable']);
  });

  test('combine the reports of machines, so that two that differ do not rewrite the service in turn', async () => {
    const { report, store } = await publishing();
    const other = { ...status, port: 8081 };
    await report('m1', status);
    const combined = await report('m2', other);
    expect(combined?.published.map(({ port }) => port)).toEqual([8080, 8081]);
    const { revision } = await store.list('');
    for (let round = 0; round < 5; round++) {
      await report('m1', status);
      await report('m2', other);
    }
    expect((await store.list('')).revision).toBe(revision);
  });

  test('are not served as long as one machine cannot listen, which the message names', async () => {
    const { report } = await publishing();
    await report('m1', status);
    expect(await report('m2', taken)).toMatchObject({
      published: [{ port: 8080 }],
      conditions: [{ status: 'false', message: 'port 8080: in use (on m2)' }],
    });
    expect(await report('m2', status)).toMatchObject({ conditions: [{ status: 'true' }] });
  });

  test('are written with the next report if the service changed at the same time', async () => {
    const { report, published, reports, put, stored, clock } = await publishing();
    published.note(reports.note('m1', 'm1', [status]), (name) => reports.of(name));
    await put('service', service({ template: { ports }, replicas: 3 }));
    expect((await stored('service', 'web'))?.status.published).toEqual([]);
    expect((await report('m2', status))?.published).toHaveLength(1);
    await clock.settle();
  });

  test('count the machines that fail beyond three', () => {
    const reports = ['d', 'c', 'b', 'a', 'a'].map((machine) => ({ ...taken, machine }));
    expect(publishedCondition({ conditions: [] }, reports, T0)).toEqual({
      type: 'Published',
      status: 'false',
      reason: 'PortUnavailable',
      message: 'port 8080: in use (on a, b, c and 1 more)',
      since: T0,
    });
    expect(publishedCondition({ conditions: [] }, [], T0)).toBeUndefined();
  });

  test('are listed once and sorted', () => {
    const at = (id: string, port: number) => ({ id, port, address: '', machine: 'm' });
    expect(
      servedPorts([at('web/80/udp', 9), at('web/80/tcp', 9), at('web/9/tcp', 1), at('web/80/tcp', 9)]),
    ).toEqual([
      { target: 9, protocol: 'tcp', port: 1 },
      { target: 80, protocol: 'tcp', port: 9 },
      { target: 80, protocol: 'udp', port: 9 },
    ]);
  });
});

describe('the reports of load balancers', () => {
  const at = (id: string, port: number) => ({ id, port, address: '' });

  test('name the services about which something new is said', () => {
    const reports = new BalancerReports();
    const first = [at('web/80/tcp', 1), at('team/api/80/tcp', 2)];
    expect([...reports.note('s1', 'm1', first)]).toEqual(['web', 'team/api']);
    expect([...reports.note('s1', 'm1', first)]).toEqual([]);
    expect([...reports.note('s1', 'm1', [at('web/80/tcp', 3)])]).toEqual(['web', 'team/api']);
    expect([...reports.note('s2', 'm2', [at('web/80/tcp', 3)])]).toEqual(['web']);
    expect(reports.of('web').map(({ machine, port }) => [machine, port])).toEqual([
      ['m1', 3],
      ['m2', 3],
    ]);
    expect([...reports.forget('s1')]).toEqual(['web']);
    expect(reports.of('web')).toHaveLength(1);
  });
});

describe('load balancers that nodes show', () => {
  const spec = (more: object = {}, port: object = {}) =>
    service({ template: { ports: [{ target: 80, published: 8080, ...port }] }, ...more } as never).spec;
  const known = balancersOf([
    'images',
    'balancer.lb-proxy.tcp',
    'balancer.lb-proxy.round-robin',
    'balancer.lb-proxy.least-connections',
    'balancer.kernel.udp',
    'balancer.kernel.tcp',
    'balancer.kernel.round-robin',
  ]);
  const paths = (...given: Parameters<typeof spec>) =>
    balancerIssues(spec(...given), known).map(({ path }) => path);

  test('allow everything that one of them supports', () => {
    expect(paths()).toEqual([]);
    expect(paths({}, { protocol: 'udp' })).toEqual([]);
    expect(paths({ balance: 'least-connections' })).toEqual([]);
    expect(paths({ loadBalancer: 'kernel' }, { protocol: 'udp' })).toEqual([]);
  });

  test('rule out combinations that no single one of them supports', () => {
    expect(paths({ balance: 'random-two' })).toEqual(['spec.balance']);
    expect(paths({ balance: 'least-connections' }, { protocol: 'udp' })).toEqual([
      'spec.template.ports[0].protocol',
    ]);
    expect(paths({ loadBalancer: 'lb-proxy' }, { protocol: 'udp' })).toEqual([
      'spec.template.ports[0].protocol',
    ]);
    expect(paths({ loadBalancer: 'other' })).toEqual(['spec.loadBalancer']);
  });

  test('do not matter to ports that are not published, or as long as no node shows one', () => {
    expect(paths({ balance: 'random-two' }, { published: undefined })).toEqual([]);
    expect(
      balancerIssues(spec({ loadBalancer: 'any', balance: 'random-two' }), balancersOf(['images'])),
    ).toEqual([]);
  });
});
