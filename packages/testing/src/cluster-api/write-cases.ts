import { deepStrictEqual, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import { type ClusterApiCase, is, serviceOf } from './subject.ts';

export const writeCases: readonly ClusterApiCase[] = [
  {
    name: 'create stores an object with its defaults, and rejects an existing one',
    async run({ api, workloads }) {
      const made = await api.create(serviceOf('web', workloads.runs));
      strictEqual(made.meta.generation, 1);
      strictEqual(made.spec.replicas, 1);
      ok((made.meta.revision ?? 0) > 0, 'a stored object has a revision');
      strictEqual((await api.get('service', 'web')).meta.uid, made.meta.uid);
      await rejects(api.create(serviceOf('web', workloads.runs)), is('ALREADY_EXISTS'));
    },
  },
  {
    name: 'apply creates, then changes; applied again it changes nothing',
    async run({ api, workloads }) {
      const first = await api.apply(serviceOf('web', workloads.runs, { replicas: 0 }));
      const same = await api.apply(serviceOf('web', workloads.runs, { replicas: 0 }));
      deepStrictEqual([same.meta.uid, same.meta.generation], [first.meta.uid, 1]);
      const other = await api.apply(serviceOf('web', workloads.runs, { replicas: 1 }));
      deepStrictEqual([other.meta.uid, other.meta.generation], [first.meta.uid, 2]);
    },
  },
  {
    name: 'apply keeps the fields that others set, and reports one that it would overwrite',
    async run({ api, workloads }) {
      await api.apply(serviceOf('web', workloads.runs));
      await api.scale('web', 0);
      strictEqual((await api.apply(serviceOf('web', workloads.runs))).spec.replicas, 0);
      const wants = serviceOf('web', workloads.runs, { replicas: 2 });
      const refused = await api.apply(wants).catch((error: unknown) => error);
      ok(isGantryError(refused, 'CONFLICT'), `expected CONFLICT, got ${String(refused)}`);
      deepStrictEqual(refused.details.fields, ['spec.replicas']);
      strictEqual((await api.get('service', 'web')).spec.replicas, 0);
      strictEqual((await api.apply(wants, { force: true })).spec.replicas, 2);
    },
  },
  {
    name: 'managers are distinguished',
    async run({ api, workloads }) {
      await api.apply(serviceOf('web', workloads.runs), { manager: 'one' });
      await api.apply(serviceOf('web', workloads.runs, { replicas: 0 }), { manager: 'two' });
      const one = serviceOf('web', workloads.runs, { replicas: 1 });
      await rejects(api.apply(one, { manager: 'one' }), is('CONFLICT'));
      strictEqual((await api.apply(one, { manager: 'two' })).spec.replicas, 1);
    },
  },
  {
    name: 'apply with an outdated revision is CONFLICT and changes nothing',
    async run({ api, workloads }) {
      const { revision } = (await api.apply(serviceOf('web', workloads.runs, { replicas: 0 }))).meta;
      await api.apply(serviceOf('web', workloads.runs, { replicas: 0, balance: 'random-two' }));
      const stale = serviceOf('web', workloads.runs, { replicas: 1 }, { revision });
      await rejects(api.apply(stale), is('CONFLICT'));
      strictEqual((await api.get('service', 'web')).spec.replicas, 0);
    },
  },
  {
    name: 'an invalid object is INVALID_OBJECT with the path of each problem, and nothing is stored',
    async run({ api, workloads }) {
      const wrong = serviceOf('web', { ...workloads.runs, stopGraceMs: -1 }, { replicas: -1 });
      const refused = await api.apply(wrong).catch((error: unknown) => error);
      ok(isGantryError(refused, 'INVALID_OBJECT'), `expected INVALID_OBJECT, got ${String(refused)}`);
      deepStrictEqual(refused.issues.map(({ path }) => path).sort(), [
        'spec.replicas',
        'spec.template.stopGraceMs',
      ]);
      deepStrictEqual((await api.list('service')).items, []);
    },
  },
  {
    name: 'objects that are applied together are all stored, or none is',
    async run({ api, workloads }) {
      const good = serviceOf('a', workloads.runs, { replicas: 0 });
      await rejects(
        api.applyAll([good, serviceOf('b', workloads.runs, { replicas: -1 })]),
        is('INVALID_OBJECT'),
      );
      deepStrictEqual((await api.list('service')).items, []);
      const stored = await api.applyAll([serviceOf('b', workloads.runs, { replicas: 0 }), good]);
      deepStrictEqual(
        stored.map(({ meta }) => meta.name),
        ['b', 'a'],
      );
      strictEqual((await api.list('service')).items.length, 2);
    },
  },
  {
    name: 'patch sets some fields and removes others, and the rest stays',
    async run({ api, workloads }) {
      await api.apply(serviceOf('web', { ...workloads.runs, env: { A: '1', B: '2' } }, { replicas: 0 }));
      const spec = { template: { env: { A: null, C: '3' } } };
      const patched = await api.patch('service', 'web', { meta: { labels: { tier: 'x' } }, spec });
      deepStrictEqual([patched.spec.template.env, patched.meta.labels], [{ B: '2', C: '3' }, { tier: 'x' }]);
      strictEqual(patched.spec.replicas, 0);
      await rejects(api.patch('service', 'web', { spec: { nonsense: 1 } }), is('INVALID_OBJECT'));
      await rejects(api.patch('service', 'none', {}), is('NOT_FOUND'));
    },
  },
  {
    name: 'annotations are free text that is applied, owned and patched as labels are, and bounded in total',
    async run({ api, workloads }) {
      const service = (annotations?: Record<string, string>) =>
        serviceOf('web', workloads.runs, { replicas: 0 }, annotations === undefined ? {} : { annotations });
      const text = 'two\nlines, "quotes" and a = b';
      const stored = await api.apply(service({ 'example.com/why': text, owner: 'a' }));
      deepStrictEqual(stored.meta.annotations, { 'example.com/why': text, owner: 'a' });
      const network = { kind: 'network', meta: { name: 'n', annotations: { a: 'b' } } } as const;
      const { revision } = (await api.apply(network)).meta;
      strictEqual((await api.apply(network)).meta.revision, revision);
      const other = await api.apply(service({ theirs: 'x' }), { manager: 'other' });
      deepStrictEqual(other.meta.annotations, { 'example.com/why': text, owner: 'a', theirs: 'x' });
      await rejects(api.apply(service({ owner: 'b' }), { manager: 'other' }), is('CONFLICT'));
      const dropped = await api.apply(service({ owner: 'a' }));
      deepStrictEqual(dropped.meta.annotations, { owner: 'a', theirs: 'x' });
      strictEqual(dropped.meta.generation, stored.meta.generation);
      const patched = await api.patch('service', 'web', {
        meta: { annotations: { owner: null, more: 'y' } },
      });
      deepStrictEqual(patched.meta.annotations, { theirs: 'x', more: 'y' });
      const scaled = await api.scale('web', 0);
      deepStrictEqual(scaled.meta.annotations, { theirs: 'x', more: 'y' });
      const none = await api.patch('service', 'web', { meta: { annotations: null } });
      strictEqual(none.meta.annotations, undefined);
      const half = 'x'.repeat(128 * 1024);
      await rejects(api.apply(service({ a: half, b: half })), is('INVALID_OBJECT'));
      await rejects(api.apply(service({ 'not a key': '' })), is('INVALID_OBJECT'));
    },
  },
  {
    name: 'patch with a revision that is no longer current is CONFLICT',
    async run({ api, workloads }) {
      const { revision } = (await api.apply(serviceOf('web', workloads.runs, { replicas: 0 }))).meta;
      await api.patch('service', 'web', { spec: { balance: 'random-two' } });
      await rejects(api.patch('service', 'web', { spec: { replicas: 1 } }, { revision }), is('CONFLICT'));
    },
  },
  {
    name: 'a dry run answers what would be stored, and stores nothing',
    async run({ api, workloads }) {
      const input = serviceOf('web', workloads.runs, { replicas: 0 });
      strictEqual((await api.apply(input, { dryRun: true })).spec.replicas, 0);
      deepStrictEqual((await api.list('service')).items, []);
      const { meta } = await api.apply(input);
      const dry = { dryRun: true };
      strictEqual((await api.scale('web', 5, dry)).spec.replicas, 5);
      strictEqual((await api.patch('service', 'web', { spec: { replicas: 4 } }, dry)).spec.replicas, 4);
      notStrictEqual((await api.restart('web', dry)).spec.restartedAt, undefined);
      await api.delete('service', 'web', dry);
      const after = await api.get('service', 'web');
      deepStrictEqual([after.meta.generation, after.spec.replicas], [meta.generation, 0]);
      strictEqual(after.meta.deletedAt, undefined);
    },
  },
  {
    name: 'objects of one name in two namespaces are two',
    async run({ api, workloads }) {
      await api.apply(serviceOf('web', workloads.runs, { replicas: 0 }));
      await api.apply(serviceOf('web', workloads.runs, { replicas: 0 }, { namespace: 'team-a' }));
      notStrictEqual(
        (await api.get('service', 'web')).meta.uid,
        (await api.get('service', 'team-a/web')).meta.uid,
      );
      strictEqual((await api.get('service', 'team-a/web')).meta.namespace, 'team-a');
      const spaces = async (namespace?: string) =>
        (await api.list('service', { namespace })).items.map(({ meta }) => meta.namespace);
      deepStrictEqual(await spaces('team-a'), ['team-a']);
      deepStrictEqual((await spaces()).toSorted(), ['default', 'team-a']);
      await api.delete('service', 'team-a/web');
      strictEqual((await api.get('service', 'web')).meta.deletedAt, undefined);
    },
  },
];
