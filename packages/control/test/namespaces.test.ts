import { idBeside, idOf, parseId, type ServiceInput } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { clusterPerTest } from './support/cluster.ts';

const make = clusterPerTest();

const web = (namespace: string | undefined, template: object = {}): ServiceInput => ({
  kind: 'service',
  meta: { name: 'web', ...(namespace === undefined ? {} : { namespace }) },
  spec: { replicas: 2, template: { image: 'web:1', drainMs: 0, ...template } },
});

test('an id has its namespace unless that is the default one, and says what lies beside it', () => {
  expect(idOf({ name: 'web' })).toBe('web');
  expect(idOf({ name: 'web', namespace: 'default' })).toBe('web');
  expect(idOf({ name: 'web', namespace: 'a' })).toBe('a/web');
  expect(parseId('web')).toEqual({ namespace: 'default', name: 'web' });
  expect(parseId('a/web')).toEqual({ namespace: 'a', name: 'web' });
  expect([idBeside('web', 'net'), idBeside('a/web', 'net')]).toEqual(['net', 'a/net']);
});

describe('services of one name in two namespaces', () => {
  test('live side by side, each with its own tasks, and are deleted separately', async () => {
    const { api, clock, tasksOf } = await make();
    await api.applyAll([web(undefined), web('team-a')]);
    await clock.advance(1000);
    for (const id of ['web', 'team-a/web']) {
      expect((await api.get('service', id)).status.ready).toBe(2);
      expect((await tasksOf(id)).map(({ spec }) => spec.service)).toEqual([id, id]);
    }
    const ids = (await api.list('task')).items.map(({ meta }) => idOf(meta));
    expect(new Set(ids).size).toBe(4);
    await api.scale('team-a/web', 3);
    await api.delete('service', 'web');
    await clock.advance(10_000);
    await expect(api.get('service', 'web')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await api.list('task')).items.map(({ meta }) => meta.namespace)).toEqual([
      'team-a',
      'team-a',
      'team-a',
    ]);
  });

  test('are updated, rolled back, restarted and explained by id', async () => {
    const { api, clock, live } = await make();
    await api.apply(web('team-a'));
    await clock.advance(1000);
    await api.apply(web('team-a', { image: 'web:2' }));
    await clock.advance(20_000);
    expect((await api.get('service', 'team-a/web')).status.update?.state).toBe('completed');
    await api.rollback('team-a/web');
    await api.restart('team-a/web');
    await clock.advance(20_000);
    expect((await api.get('service', 'team-a/web')).spec.template.image).toBe('web:1');
    const [task] = await live('team-a/web');
    expect((await api.explain('task', idOf(task?.meta ?? { name: '' }))).placement?.placed).toBeGreaterThan(
      0,
    );
    const events = (await api.list('event', { namespace: 'team-a' })).items;
    expect(new Set(events.map(({ spec }) => spec.regarding.name))).toEqual(new Set(['team-a/web']));
  });

  test('are listed and watched by namespace', async () => {
    const { api, clock } = await make();
    await api.applyAll([web(undefined), web('team-a')]);
    await clock.advance(1000);
    expect((await api.list('service', { namespace: 'team-a' })).items.map(({ meta }) => idOf(meta))).toEqual([
      'team-a/web',
    ]);
    expect((await api.list('service', { namespace: 'default' })).items.map(({ meta }) => idOf(meta))).toEqual(
      ['web'],
    );
    expect((await api.list('service')).items.map(({ meta }) => idOf(meta))).toEqual(['team-a/web', 'web']);
    for await (const batch of api.watch('service', { namespace: 'team-a' })) {
      expect(batch.map(({ object }) => idOf(object.meta))).toEqual(['team-a/web']);
      break;
    }
  });

  test('name networks of their own namespace only, and those cannot go while they are used', async () => {
    const { api } = await make();
    await api.apply({ kind: 'network', meta: { name: 'front' } });
    const on = { networks: ['front'] };
    await expect(api.apply(web('team-a', on))).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [{ path: 'spec.template.networks[0]', message: 'network "team-a/front" not found' }],
    });
    await api.applyAll([
      { kind: 'network', meta: { name: 'front', namespace: 'team-a' } },
      web('team-a', on),
    ]);
    await expect(api.delete('network', 'team-a/front')).rejects.toMatchObject({ code: 'CONFLICT' });
    await api.delete('network', 'front');
  });

  test('have logs and commands by id', async () => {
    const { api, clock } = await make();
    await api.apply(web('team-a', { labels: { 'fake/print': 'hello' } }));
    await clock.advance(1000);
    const [task] = (await api.list('task', { namespace: 'team-a' })).items;
    const id = idOf(task?.meta ?? { name: '' });
    for await (const lines of api.logs({ task: id })) {
      expect(lines).toMatchObject([{ task: id, text: 'hello' }]);
      break;
    }
    const session = await api.exec(id, { command: ['echo', 'hi'] });
    const text: string[] = [];
    for await (const { data } of session.output) text.push(new TextDecoder().decode(data));
    expect(text.join('')).toContain('hi');
  });

  test('a node lives in no namespace', async () => {
    const { api } = await make();
    await expect(api.apply({ kind: 'node', meta: { name: 'node-1', namespace: 'a' } })).rejects.toMatchObject(
      {
        code: 'INVALID_OBJECT',
        issues: [{ path: 'meta.namespace' }],
      },
    );
  });
});
