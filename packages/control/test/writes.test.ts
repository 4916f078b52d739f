import { contracts } from '@gantry/core';
import type { Kind, KindDefinition, ServiceInput } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { clusterPerTest, given } from './support/cluster.ts';

const make = clusterPerTest();

const web = (spec: object = {}, meta: object = {}): ServiceInput => ({
  kind: 'service',
  meta: { name: 'web', ...meta },
  spec: { template: { image: 'web:1', drainMs: 0 }, ...spec } as ServiceInput['spec'],
});
const image = (name: string) => ({ template: { image: name, drainMs: 0 } });

describe('apply', () => {
  test('leaves fields alone that others have set and it does not name', async () => {
    const { api } = await make();
    await api.apply(web());
    await api.scale('web', 4);
    expect((await api.apply(web(image('web:2')))).spec).toMatchObject({
      replicas: 4,
      template: { image: 'web:2' },
    });
  });

  test('does not overwrite a field that another manager has set, names it, and takes it over with force', async () => {
    const { api } = await make();
    await api.apply(web({ replicas: 2 }));
    await api.scale('web', 4);
    await expect(api.apply(web({ replicas: 2 }))).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('spec.replicas was set by another manager'),
      details: { fields: ['spec.replicas'] },
    });
    expect((await api.get('service', 'web')).spec.replicas).toBe(4);
    expect((await api.apply(web({ replicas: 2 }), { force: true })).spec.replicas).toBe(2);
    expect((await api.apply(web({ replicas: 3 }))).spec.replicas).toBe(3);
  });

  test('two managers each keep their fields, and a conflict names the owner', async () => {
    const { api } = await make();
    await api.apply(web(), { manager: 'ci' });
    await api.apply(web({ ...image('web:1'), replicas: 5 }), { manager: 'ops' });
    expect((await api.apply(web(), { manager: 'ci' })).spec.replicas).toBe(5);
    await expect(api.apply(web({ replicas: 1 }), { manager: 'ci' })).rejects.toMatchObject({
      message: expect.stringContaining('spec.replicas was set by ops'),
    });
  });

  test('a field that is no longer applied goes back to its default', async () => {
    const { api } = await make();
    await api.apply(web({ replicas: 3, restart: { condition: 'none' } }, { labels: { a: '1', b: '2' } }));
    const after = await api.apply(web({}, { labels: { a: '1' } }));
    expect(after).toMatchObject({
      meta: { labels: { a: '1' } },
      spec: { replicas: 1, restart: { condition: 'any' } },
    });
    expect(after.meta.labels).toEqual({ a: '1' });
  });

  test('the next version is not a conflict after a rollback, manual or automatic', async () => {
    const { api, clock } = await make();
    await api.apply(web());
    await clock.advance(10_000);
    await api.apply(web(image('web:2')));
    await clock.advance(10_000);
    await api.rollback('web');
    await clock.advance(10_000);
    const fails = { 'fake/fail-start': '1' };
    const update = { failureAction: 'rollback' as const };
    await api.apply(web({ template: { image: 'web:3', drainMs: 0, labels: fails }, update }));
    await clock.advance(60_000);
    expect((await api.get('service', 'web')).spec.template.image).toBe('web:1');
    expect((await api.apply(web({ ...image('web:4'), update }))).spec.template.image).toBe('web:4');
  });

  test('the applied fields are not part of returned objects', async () => {
    const { api, store } = await make();
    expect((await api.apply(web())).meta).not.toHaveProperty('managers');
    expect((await store.get('services/web'))?.value).toMatchObject({ meta: { managers: { gantry: {} } } });
  });
});

describe('the other ways to write', () => {
  test('create rejects existing objects', async () => {
    const { api } = await make();
    expect((await api.create(web())).meta.generation).toBe(1);
    await expect(api.create(web())).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  test('patch changes some fields, checks the whole, and minds the revision', async () => {
    const { api } = await make();
    const { meta } = await api.apply(web({ template: { image: 'web:1', env: { A: '1', B: '2' } } }));
    const patched = await api.patch('service', 'web', {
      meta: { labels: { tier: 'front' } },
      spec: { replicas: 3, template: { env: { A: null, C: '3' } } },
    });
    expect(patched).toMatchObject({
      meta: { labels: { tier: 'front' }, generation: 2 },
      spec: { replicas: 3, template: { image: 'web:1', env: { B: '2', C: '3' } } },
    });
    expect(patched.spec.template.env).toEqual({ B: '2', C: '3' });
    const calls: [unknown, string][] = [
      [{ spec: { replicas: -1 } }, 'spec.replicas'],
      [{ spec: { nonsense: 1 } }, 'spec.nonsense'],
      [{ status: {} }, 'status'],
      [{ meta: { name: 'other' } }, 'meta.name'],
    ];
    for (const [patch, path] of calls) {
      await expect(api.patch('service', 'web', patch)).rejects.toMatchObject({
        code: 'INVALID_OBJECT',
        issues: [{ path }],
      });
    }
    const stale = { revision: meta.revision };
    await expect(api.patch('service', 'web', { spec: { replicas: 1 } }, stale)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(api.patch('service', 'none', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a dry run of any write answers what would be stored, and stores nothing', async () => {
    const { api, store, clock } = await make();
    await api.apply(web());
    await clock.advance(5000);
    const before = await store.list('');
    const dry = { dryRun: true };
    expect((await api.apply(web({ replicas: 9 }), dry)).spec.replicas).toBe(9);
    expect((await api.create({ ...web(), meta: { name: 'new' } }, dry)).meta).not.toHaveProperty('revision');
    expect((await api.patch('service', 'web', { spec: { replicas: 8 } }, dry)).spec.replicas).toBe(8);
    expect((await api.scale('web', 7, dry)).spec.replicas).toBe(7);
    expect((await api.restart('web', dry)).spec.restartedAt).toBeGreaterThan(0);
    expect((await api.setAvailability('node-1', 'drain', dry)).spec.availability).toBe('drain');
    await api.delete('service', 'web', dry);
    await api.applyAll([web({ replicas: 6 })], dry);
    await expect(api.apply(web({ replicas: -1 }), dry)).rejects.toMatchObject({ code: 'INVALID_OBJECT' });
    expect(await store.list('')).toEqual(before);
  });
});

describe('lists', () => {
  test('come in pages, each object once, in the order of ids', async () => {
    const { api } = await make();
    for (const name of ['c', 'a', 'e', 'b', 'd']) await api.apply({ ...web(), meta: { name } });
    const names: string[] = [];
    let next: string | undefined;
    let pages = 0;
    do {
      const page = await api.list('service', { limit: 2, continue: next });
      names.push(...page.items.map(({ meta }) => meta.name));
      next = page.continue;
      pages++;
    } while (next !== undefined);
    expect([names.join(''), pages]).toEqual(['abcde', 3]);
    for (const wrong of [{ limit: 0 }, { limit: 1.5 }, { continue: '!!' }]) {
      await expect(api.list('service', wrong)).rejects.toMatchObject({ code: 'INVALID_OBJECT' });
    }
  });
});

test('a label that no object has is not found among inherited properties', async () => {
  const { api } = await make();
  await api.apply(web());
  expect((await api.list('service', { labels: 'constructor' })).items).toEqual([]);
  expect((await api.list('service', { labels: '!constructor' })).items).toHaveLength(1);
});

describe('info', () => {
  test('returns the identity, the kinds and the capacity of the cluster', async () => {
    const { api } = await make();
    const info = await api.info();
    expect(info).toMatchObject({
      name: 'gantry',
      uid: expect.stringMatching(/^[a-z0-9]{20}$/),
      durable: false,
      capacity: { cpu: 2000, memory: 2 ** 31 },
    });
    expect(info.kinds.map(({ plural, writable }) => `${plural} ${writable}`)).toContain('services true');
    expect((await api.info()).uid).toBe(info.uid);
  });
});

describe('a kind that a plugin brings', () => {
  const input = z.strictObject({
    kind: z.literal('lamp'),
    meta: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
    spec: z.strictObject({ colour: z.enum(['red', 'green']), watts: z.int().default(5) }),
  });
  const lamp: KindDefinition = {
    kind: 'lamp' as Kind,
    plural: 'lamps',
    shortNames: [],
    namespaced: true,
    description: 'Shines.',
    input,
  };
  const make2 = () => make({ more: [given(contracts.kind, lamp, 'kind-lamp')] });

  test.each([
    [{ kind: 'service' }, 'kind "service": the name "service" is taken'],
    [{ plural: 'tokens' }, 'kind "lamp": the name "tokens" is taken'],
    [{ shortNames: ['svc'] }, 'kind "lamp": the name "svc" is taken'],
    [{ plural: 'Lamps' }, 'kind "lamp": "Lamps" is not a lower-case DNS label'],
  ])('has names of its own: %j is rejected', async (wrong, message) => {
    const kind = given(contracts.kind, { ...lamp, ...wrong }, 'kind-lamp');
    await expect(make({ more: [kind] })).rejects.toMatchObject({
      code: 'WIRING',
      message: expect.stringContaining(message),
    });
  });

  test('is validated, stored, listed, watched, patched and deleted as every other', async () => {
    const { api } = await make2();
    const kind = 'lamp' as 'network';
    const one = { kind, meta: { name: 'desk' }, spec: { colour: 'red' } } as never;
    expect(await api.apply(one)).toMatchObject({
      kind: 'lamp',
      meta: { namespace: 'default' },
      spec: { watts: 5 },
    });
    expect((await api.patch(kind, 'desk', { spec: { watts: 7 } })).spec).toEqual({ colour: 'red', watts: 7 });
    expect((await api.list(kind)).items).toHaveLength(1);
    for await (const batch of api.watch(kind)) {
      expect(batch).toMatchObject([{ type: 'added', object: { meta: { name: 'desk' } } }]);
      break;
    }
    await expect(
      api.apply({ kind, meta: { name: 'x' }, spec: { colour: 'blue' } } as never),
    ).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [{ path: 'spec.colour' }],
    });
    expect((await api.info()).kinds).toContainEqual(
      expect.objectContaining({ kind: 'lamp', writable: true }),
    );
    await api.delete(kind, 'desk');
    await expect(api.get(kind, 'desk')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
