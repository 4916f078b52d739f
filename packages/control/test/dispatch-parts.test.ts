import type { KindMap, Task } from '@gantry/core/model';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { ChangeLog } from '../src/dispatch/change-log.ts';
import { writeReports } from '../src/dispatch/reports.ts';
import { Sessions } from '../src/dispatch/sessions.ts';
import { StoreEventRecorder } from '../src/events/store-event-recorder.ts';
import { GarbageCollector } from '../src/garbage-collector.ts';
import { hashOf, service, T0, task } from './support/objects.ts';
import { stillPerTest } from './support/still.ts';

const still = stillPerTest();

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

describe('the log of changes', () => {
  const names = (log: ChangeLog, since: number) => {
    const changed = log.since(since);
    return changed === undefined ? undefined : [...changed].sort();
  };

  test('returns the changes after a revision, each once', () => {
    const log = new ChangeLog(3);
    log.add('a', 5);
    log.add('b', 7);
    log.add('c', 7);
    log.add('b', 9);
    expect([4, 5, 7, 9].map((since) => names(log, since))).toEqual([['a', 'b', 'c'], ['b', 'c'], ['b'], []]);
  });

  test('does not know what happened before its first revision', () => {
    const log = new ChangeLog(3);
    log.add('a', 5);
    expect([names(log, 2), names(log, 3)]).toEqual([undefined, ['a']]);
  });

  test('is bounded, and does not pretend to know dropped changes', () => {
    const log = new ChangeLog(3);
    for (let revision = 4; revision <= 5000; revision++) log.add(`t${revision}`, revision);
    expect(names(log, 4)).toBeUndefined();
    const all = Array.from({ length: 5000 }, (_, index) => index + 1);
    const oldest = all.find((since) => names(log, since) !== undefined) as number;
    expect(names(log, oldest)).toHaveLength(5000 - oldest);
    expect(5000 - oldest).toBeGreaterThanOrEqual(1000);
    expect(5000 - oldest).toBeLessThanOrEqual(2000);
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
