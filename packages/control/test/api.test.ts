import { type Admission, contracts, GantryError } from '@gantry/core';
import type { WatchEvent } from '@gantry/core/api';
import { invalidObject, REDACTED, type Service, type ServiceInput } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { clusterPerTest, type FakeCluster, given } from './support/cluster.ts';

const make = clusterPerTest();

const web = (spec: object = {}, meta: object = {}): ServiceInput => ({
  kind: 'service',
  meta: { name: 'web', ...meta },
  spec: { template: { image: 'web:1', drainMs: 0 }, ...spec },
});

describe('apply', () => {
  test('creates an object with uid, generation and revision, and applying the same again changes nothing', async () => {
    const { api } = await make();
    const first = await api.apply(web());
    expect(first.meta).toMatchObject({
      name: 'web',
      generation: 1,
      uid: expect.stringMatching(/^[a-z0-9]{20}$/),
    });
    const again = await api.apply(web());
    expect(again.meta.uid).toBe(first.meta.uid);
    expect(again.meta.generation).toBe(1);
  });

  test('an object that was read may be applied unchanged, and nothing changes', async () => {
    const { api, apply, tasksOf } = await make();
    await apply('web', { replicas: 2 });
    const read = await api.get('service', 'web');
    const again = await api.apply(read as unknown as ServiceInput);
    expect(again.meta).toEqual(read.meta);
    expect(await tasksOf('web')).toHaveLength(2);
  });

  test('another spec is another generation; other labels are not', async () => {
    const { api } = await make();
    await api.apply(web());
    expect((await api.apply(web({}, { labels: { a: 'b' } }))).meta).toMatchObject({
      generation: 1,
      labels: { a: 'b' },
    });
    expect((await api.apply(web({ replicas: 2 }, { labels: { a: 'b' } }))).meta.generation).toBe(2);
  });

  test('an outdated revision is CONFLICT and changes nothing', async () => {
    const { api } = await make();
    const { revision } = (await api.apply(web())).meta;
    await api.apply(web({ replicas: 2 }));
    await expect(api.apply(web({ replicas: 9 }, { revision }))).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await api.get('service', 'web')).spec.replicas).toBe(2);
    const absent = { ...web({}, { revision: 5 }), meta: { name: 'other', revision: 5 } };
    await expect(api.apply(absent)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('several writers without a revision all succeed, one after the other', async () => {
    const { api } = await make();
    const all = await Promise.all([1, 2, 3, 4, 5].map((replicas) => api.apply(web({ replicas }))));
    expect(new Set(all.map(({ meta }) => meta.generation))).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  test('applying the same file again after a restart does not restart once more', async () => {
    const { api, apply, clock, tasksOf } = await make();
    await apply('web');
    await api.restart('web');
    await clock.advance(60_000);
    const { generation } = (await api.get('service', 'web')).meta;
    const before = (await tasksOf('web')).length;
    expect((await apply('web')).meta.generation).toBe(generation);
    await clock.advance(60_000);
    expect((await tasksOf('web')).length).toBe(before);
  });

  test('a node cannot be created, a network cannot be changed', async () => {
    const { api } = await make();
    await expect(api.apply({ kind: 'node', meta: { name: 'n9' } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await api.apply({ kind: 'network', meta: { name: 'front' } });
    await expect(
      api.apply({ kind: 'network', meta: { name: 'front' }, spec: { internal: true } }),
    ).rejects.toMatchObject({ code: 'INVALID_OBJECT', issues: [{ path: 'spec' }] });
  });

  test('a service that is being deleted is CONFLICT', async () => {
    const { api, apply } = await make({ runtime: { stopDelayMs: 5000 } });
    await apply('web');
    await api.delete('service', 'web');
    await expect(api.apply(web({ replicas: 3 }))).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('references are checked, and every broken one is reported', async () => {
    const { api, store } = await make();
    const ports = [{ target: 80, published: 8080 }];
    await api.apply({ ...web(), meta: { name: 'first' }, spec: { template: { image: 'x', ports } } });
    const wrong = web({ scheduler: 'best', template: { image: 'x', networks: ['front'], ports } });
    await expect(api.apply(wrong)).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [
        { path: 'spec.template.networks[0]', message: 'network "front" not found' },
        { path: 'spec.scheduler', message: 'scheduler "best" not found; installed: spread' },
        {
          path: 'spec.template.ports[0].published',
          message: 'published port 8080/tcp belongs to service first',
        },
      ],
    });
    expect(await store.get('services/web')).toBeUndefined();
  });

  test('admission may modify and reject, and must not change the identity of an object', async () => {
    const seen: string[] = [];
    const admission: Admission = {
      name: 'policy',
      kinds: ['service'],
      admit({ operation, object }) {
        seen.push(operation);
        const service = object as Service;
        if (service.spec.replicas > 5)
          throw invalidObject('service web', [{ path: 'spec.replicas', message: 'too many' }]);
        if (service.spec.replicas === 5) return { ...service, meta: { ...service.meta, name: 'other' } };
        return { ...service, meta: { ...service.meta, labels: { ...service.meta.labels, by: 'policy' } } };
      },
    };
    const { api } = await make({ more: [given(contracts.admission, admission)] });
    expect((await api.apply(web())).meta.labels).toEqual({ by: 'policy' });
    await expect(api.apply(web({ replicas: 6 }))).rejects.toMatchObject({
      issues: [{ message: 'too many' }],
    });
    await expect(api.apply(web({ replicas: 5 }))).rejects.toMatchObject({
      issues: [{ path: 'meta.name', message: expect.stringContaining('admission policy') }],
    });
    expect(seen[0]).toBe('create');
    expect(seen.slice(1)).toEqual(['update', 'update']);
  });
});

describe('applyAll', () => {
  const service = (name: string, template: object = {}): ServiceInput => ({
    kind: 'service',
    meta: { name },
    spec: { template: { image: 'x', ...template } },
  });

  test('a service may use a network of the same call, whatever the order', async () => {
    const { api } = await make();
    const objects = await api.applyAll([
      service('a', { networks: ['front'] }),
      { kind: 'network', meta: { name: 'front' } },
    ]);
    expect(objects.map(({ kind }) => kind)).toEqual(['service', 'network']);
  });

  test.each<[string, Parameters<FakeCluster['api']['applyAll']>[0]]>([
    ['invalid', [service('a'), service('B!')]],
    ['with a network that does not exist', [service('a'), service('b', { networks: ['none'] })]],
    ['a node that does not exist', [service('a'), { kind: 'node', meta: { name: 'n9' } }]],
    [
      'a network that would be changed',
      [service('a'), { kind: 'network', meta: { name: 'known' }, spec: { internal: true } }],
    ],
    [
      'of a password that is not stored',
      [service('a'), service('b', { registryAuth: { username: 'u', password: REDACTED } })],
    ],
    ['at another revision', [service('a'), { ...service('b'), meta: { name: 'b', revision: 7 } }]],
    [
      'to publish the port of another of them',
      [
        service('a', { ports: [{ target: 1, published: 80 }] }),
        service('b', { ports: [{ target: 1, published: 80 }] }),
      ],
    ],
    ['there twice', [service('a'), service('a', { image: 'y' })]],
  ])('stores none if one is %s', async (_what, inputs) => {
    const { api, store } = await make();
    await api.apply({ kind: 'network', meta: { name: 'known' } });
    await expect(api.applyAll(inputs)).rejects.toSatisfy((error) => error instanceof GantryError);
    expect((await store.list('services/')).entries).toEqual([]);
  });
});

describe('secrets', () => {
  const passwordOf = (stored: unknown): string | undefined =>
    (stored as Service).spec.template.registryAuth?.password;
  const withAuth = (password: string, username = 'u', image = 'web:1'): ServiceInput =>
    web({ template: { image, registryAuth: { username, password } } });

  test('are not handed out, neither with services nor with templates nor by watch', async () => {
    const { api, clock } = await make();
    const applied = await api.apply(withAuth('secret'));
    await clock.advance(1000);
    const watched = api.watch('service')[Symbol.asyncIterator]();
    const all = [
      applied,
      await api.get('service', 'web'),
      ...(await api.list('service')).items,
      ...(await api.list('template')).items,
      (await watched.next()).value,
    ];
    expect(JSON.stringify(all)).not.toContain('secret');
    expect(JSON.stringify(all)).toContain(REDACTED);
    await watched.return?.();
  });

  test('stay as stored when an object that was read is applied again', async () => {
    const { api, store } = await make();
    await api.apply(withAuth('secret'));
    await api.apply(withAuth(REDACTED, 'u', 'web:2'));
    const stored = (await store.get('services/web'))?.value as Service;
    expect(stored.spec.template).toMatchObject({ image: 'web:2', registryAuth: { password: 'secret' } });
    await api.scale('web', 3);
    expect(passwordOf((await store.get('services/web'))?.value)).toBe('secret');
  });

  test('secrets of another user are not stored', async () => {
    const { api } = await make();
    await api.apply(withAuth('secret'));
    await expect(api.apply(withAuth(REDACTED, 'other'))).rejects.toMatchObject({
      issues: [{ path: 'spec.template.registryAuth.password' }],
    });
  });
});

describe('list and watch', () => {
  test('select by labels and fields, sorted by name', async () => {
    const { api } = await make();
    for (const [name, tier] of [
      ['c', 'x'],
      ['a', 'x'],
      ['b', 'y'],
    ] as const) {
      await api.apply({ ...web(), meta: { name, labels: { tier } } });
    }
    const names = async (options: object) =>
      (await api.list('service', options)).items.map(({ meta }) => meta.name);
    expect(await names({})).toEqual(['a', 'b', 'c']);
    expect(await names({ labels: 'tier=x' })).toEqual(['a', 'c']);
    expect(await names({ labels: 'tier=x', fields: 'meta.name!=c' })).toEqual(['a']);
    await expect(names({ labels: 'a in b' })).rejects.toMatchObject({ code: 'INVALID_OBJECT' });
  });

  async function watching(cluster: FakeCluster, options: object) {
    const events: string[] = [];
    const stop = new AbortController();
    const loop = (async () => {
      const told = ({ type, object }: WatchEvent<{ meta: { name: string } }>): string =>
        `${type} ${object.meta.name}`;
      for await (const batch of cluster.api.watch('network', { ...options, signal: stop.signal })) {
        events.push(...batch.map(told));
      }
    })();
    await cluster.clock.settle();
    return {
      events,
      stop: () => {
        stop.abort();
        return loop;
      },
    };
  }

  test('a watch delivers existing objects, then additions, changes and deletions', async () => {
    const cluster = await make();
    const { api, clock } = cluster;
    await api.apply({ kind: 'network', meta: { name: 'a' } });
    const { events, stop } = await watching(cluster, {});
    await api.apply({ kind: 'network', meta: { name: 'b' } });
    await api.apply({ kind: 'network', meta: { name: 'a', labels: { x: 'y' } } });
    await api.delete('network', 'a');
    await clock.settle();
    expect(events).toEqual(['added a', 'added b', 'modified a', 'deleted a']);
    await stop();
  });

  test('an object that comes to match the selector is added, one that no longer matches is deleted', async () => {
    const cluster = await make();
    const { api, clock } = cluster;
    const { events, stop } = await watching(cluster, { labels: 'x=y' });
    await api.apply({ kind: 'network', meta: { name: 'a' } });
    await api.apply({ kind: 'network', meta: { name: 'a', labels: { x: 'y' } } });
    await api.apply({ kind: 'network', meta: { name: 'a' } });
    await clock.settle();
    expect(events).toEqual(['added a', 'deleted a']);
    await stop();
  });

  test('after a listing, later objects are added', async () => {
    const cluster = await make();
    const { api } = cluster;
    await api.apply({ kind: 'network', meta: { name: 'a' } });
    const { revision } = await api.list('network');
    await api.apply({ kind: 'network', meta: { name: 'b' } });
    const { events, stop } = await watching(cluster, { since: revision });
    expect(events).toEqual(['added b']);
    await stop();
  });

  test('after a listing, an object that ceased to match before the watch began is deleted', async () => {
    const cluster = await make();
    const { api } = cluster;
    await api.apply({ kind: 'network', meta: { name: 'a', labels: { x: 'y' } } });
    const { revision } = await api.list('network', { labels: 'x=y' });
    await api.apply({ kind: 'network', meta: { name: 'a' } });
    const { events, stop } = await watching(cluster, { since: revision, labels: 'x=y' });
    expect(events).toEqual(['deleted a']);
    await stop();
  });

  test('after a listing, an object deleted before the watch began is not skipped: list again', async () => {
    const { api } = await make();
    await api.apply({ kind: 'network', meta: { name: 'a' } });
    const { revision } = await api.list('network');
    await api.delete('network', 'a');
    const next = api.watch('network', { since: revision })[Symbol.asyncIterator]().next();
    await expect(next).rejects.toMatchObject({ code: 'COMPACTED' });
  });

  test('it ends when the cluster is closed', async () => {
    const cluster = await make();
    const ended = (async () => {
      for await (const _ of cluster.api.watch('network'));
    })();
    await cluster.close();
    await ended;
    await expect(cluster.api.get('service', 'web')).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(cluster.api.apply(web())).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('wait', () => {
  test('resolves once a condition is true of the generation that was asked for', async () => {
    const { api, clock } = await make({ runtime: { startDelayMs: 300 } });
    await api.apply(web({ replicas: 2 }));
    const available = api.wait('service', 'web', 'Available', { timeoutMs: 10_000 });
    await clock.advance(5000);
    expect((await available)?.status.ready).toBe(2);
    await api.scale('web', 3);
    let done = false;
    const again = api.wait('service', 'web', 'Available').then((object) => {
      done = true;
      return object;
    });
    await clock.settle();
    expect(done).toBe(false);
    await clock.advance(5000);
    expect((await again)?.status.ready).toBe(3);
  });

  test('waits for an object that does not exist yet, by a function too', async () => {
    const { api, clock } = await make();
    const coming = api.wait('service', 'web', ({ spec }) => spec.replicas === 2);
    await api.apply(web());
    await api.apply(web({ replicas: 2 }));
    await clock.settle();
    expect((await coming)?.spec.replicas).toBe(2);
  });

  test('for "deleted" resolves with the last state seen, or with nothing', async () => {
    const { api, apply, clock } = await make();
    await apply('web');
    const gone = api.wait('service', 'web', 'deleted');
    await api.delete('service', 'web');
    await clock.advance(5000);
    expect((await gone)?.meta.name).toBe('web');
    expect(await api.wait('service', 'web', 'deleted')).toBeUndefined();
  });

  test('an exceeded timeout is TIMEOUT, and names the condition and the last state seen', async () => {
    const { api, apply, clock } = await make();
    await apply('web', { template: { resources: { requests: { cpu: 9000 } } } });
    const waits = [
      api.wait('service', 'web', 'Available', { timeoutMs: 500 }),
      api.wait('service', 'x', 'Available', { timeoutMs: 500 }),
    ];
    const failed = Promise.allSettled(waits);
    await clock.advance(500);
    const [one, two] = (await failed) as PromiseRejectedResult[];
    expect(one?.reason).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(
        /^service web: Available did not become true in 500 ms; last seen: .*"ready":0/,
      ),
    });
    expect(two?.reason.message).toContain('it does not exist');
  });

  test('a function that throws rejects it, a signal ends it, and closing the cluster does too', async () => {
    const cluster = await make();
    const { api, apply } = cluster;
    await apply('web');
    const thrower = (): boolean => {
      throw new Error('boom');
    };
    await expect(api.wait('service', 'web', thrower)).rejects.toThrow('boom');
    await expect(api.wait('service', 'web', 'X', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    const closed = expect(api.wait('service', 'web', 'Never')).rejects.toMatchObject({ code: 'CLOSED' });
    await cluster.close();
    await closed;
  });
});

describe('operations of a user', () => {
  test('scale changes the number, and is checked like any input', async () => {
    const { api, apply, clock, live } = await make();
    await apply('web');
    await api.scale('web', 4);
    await clock.advance(1000);
    expect(await live('web')).toHaveLength(4);
    await expect(api.scale('web', -1)).rejects.toMatchObject({ issues: [{ path: 'spec.replicas' }] });
    await expect(api.scale('web', 1.5)).rejects.toMatchObject({ code: 'INVALID_OBJECT' });
    await expect(api.scale('none', 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await apply('daemon', { mode: 'global' });
    await expect(api.scale('daemon', 2)).rejects.toMatchObject({ issues: [{ path: 'spec.replicas' }] });
  });

  test('rollback goes back to the previous template, or to the named one', async () => {
    const { api, apply, clock } = await make();
    for (const image of ['web:1', 'web:2', 'web:3']) {
      await apply('web', { template: { image } });
      await clock.advance(30_000);
    }
    const image = async () => (await api.get('service', 'web')).spec.template.image;
    const { history } = (await api.get('service', 'web')).status;
    await api.rollback('web');
    expect(await image()).toBe('web:2');
    await clock.advance(30_000);
    await api.rollback('web', { to: history[1]?.template as string });
    expect(await image()).toBe('web:1');
    await expect(api.rollback('web', { to: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await apply('fresh');
    await expect(api.rollback('fresh')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('restart replaces every task', async () => {
    const { api, apply, clock, live } = await make();
    await apply('web', { replicas: 2 });
    const before = (await live('web')).map(({ meta }) => meta.name);
    await api.restart('web');
    await clock.advance(60_000);
    const after = (await live('web')).map(({ meta }) => meta.name);
    expect(after).toHaveLength(2);
    expect(after.some((name) => before.includes(name))).toBe(false);
  });

  test('a node that is drained loses its tasks, and gets some again when it is active', async () => {
    const { api, apply, clock, live } = await make();
    await apply('web', { replicas: 2 });
    await api.setAvailability('node-1', 'drain');
    await clock.advance(10_000);
    expect((await live('web')).map(({ spec }) => spec.node)).toEqual(['node-2', 'node-2']);
    await api.setAvailability('node-1', 'active');
    await api.scale('web', 4);
    await clock.advance(10_000);
    expect((await live('web')).filter(({ spec }) => spec.node === 'node-1')).toHaveLength(2);
    await expect(api.setAvailability('none', 'drain')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('deleting a service stops its tasks, and then nothing of it is left', async () => {
    const { api, apply, clock, store, world } = await make({ runtime: { stopDelayMs: 300 } });
    await apply('web', { replicas: 3 });
    await api.delete('service', 'web');
    await api.delete('service', 'web'); // twice is once
    expect((await api.get('service', 'web')).meta.deletedAt).toBeDefined();
    await clock.advance(5000);
    expect((await store.list('services/')).entries).toEqual([]);
    expect((await store.list('tasks/')).entries).toEqual([]);
    expect(world.machine('node-1').workloads.size + world.machine('node-2').workloads.size).toBe(0);
    await expect(api.delete('service', 'web')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a task that is deleted is replaced by another attempt', async () => {
    const { api, apply, clock, live } = await make();
    await apply('web');
    const [before] = await live('web');
    await api.delete('task', before?.meta.name as string);
    await clock.advance(5000);
    const after = await live('web');
    expect(after).toHaveLength(1);
    expect(after[0]?.spec.attempt).toBe(2);
  });

  test('a task that is deleted before it has a node is replaced too', async () => {
    const { api, apply, clock, live } = await make();
    await apply('web', { template: { resources: { requests: { cpu: 9000 } } } });
    const [before] = await live('web');
    await api.delete('task', before?.meta.name as string);
    await clock.advance(5000);
    const after = await live('web');
    expect(after.map(({ spec }) => [spec.attempt, spec.desired])).toEqual([[2, 'running']]);
  });

  test('an object that is in use or alive cannot be deleted', async () => {
    const { api, apply } = await make();
    await api.apply({ kind: 'network', meta: { name: 'front' } });
    const { status } = await apply('web', { template: { networks: ['front'] } });
    await expect(api.delete('network', 'front')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('web'),
    });
    await expect(api.delete('node', 'node-1')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(status.template).toBe('');
    const [template] = (await api.list('template')).items;
    await expect(api.delete('template', template?.meta.name as string)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    await expect(api.delete('network', 'none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('logs and exec reach a task through its agent', async () => {
    const { api, apply, live } = await make();
    await apply('web', { template: { labels: { 'fake/print': 'hello' } } });
    const [task] = await live('web');
    const lines: string[] = [];
    for await (const batch of api.logs({ service: 'web' })) lines.push(...batch.map(({ text }) => text));
    expect(lines).toEqual(['hello']);
    const session = await api.exec(task?.meta.name as string, { command: ['exit', '3'] });
    let said = '';
    for await (const { data } of session.output) said += Buffer.from(data).toString();
    expect([said, await session.exitCode]).toEqual(['exit 3\n', 3]);
    await expect(api.exec('none', { command: ['x'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('explain says why a task is nowhere', async () => {
    const { api, apply } = await make();
    await apply('web', { template: { resources: { requests: { cpu: 9000 } } } });
    const result = await api.explain('service', 'web');
    expect(result.placement).toMatchObject({
      feasible: 0,
      filters: [{ code: 'InsufficientCpu', rejected: 2 }],
    });
    expect(result.notes.join()).toContain('pending');
    await expect(api.explain('task', 'none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
