/**
 * Everything a user can get wrong, from end to end on a cluster that runs nothing: refused with a code, a path and a
 * reason, and nothing of it is stored.
 */
import { type Component, contracts, definePlugin, type Plugin, type Store } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { AnyInput, ServiceInput } from '@gantry/core/model';
import { type Cluster, createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { memoryStore } from '@gantry/store-memory';
import { silentLogger, TestClock } from '@gantry/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The preset, on a clock that the test moves. */
function plugins(clock: TestClock, ...more: readonly Plugin[]): Plugin[] {
  const own = { clock: () => clock, logger: () => silentLogger };
  return [
    ...fakeCluster().map((plugin) => {
      const create = own[plugin.provides.id as keyof typeof own];
      return create === undefined ? plugin : { ...plugin, create };
    }),
    ...more,
  ];
}

const web = (spec: object, meta: object = {}): ServiceInput => ({
  kind: 'service',
  meta: { name: 'web', ...meta },
  spec: { template: { image: 'web:1' }, ...spec },
});
const template = (fields: object): ServiceInput => web({ template: { image: 'web:1', ...fields } });

describe('an object that is wrong', () => {
  const clock = new TestClock();
  let cluster: Cluster;
  let api: ClusterApi;
  let store: Store;

  beforeAll(async () => {
    cluster = await createCluster(plugins(clock), { nodes: 1 });
    ({ api } = cluster);
    store = cluster.get(contracts.store);
    await api.apply({ kind: 'network', meta: { name: 'front' } });
    await clock.advance(1000);
  });

  afterAll(async () => {
    const closing = cluster[Symbol.asyncDispose]();
    await clock.advance(60_000);
    await closing;
  });

  const cases: readonly (readonly [what: string, input: unknown, path: string, reason: RegExp])[] = [
    [
      'an unknown kind',
      { kind: 'pod', meta: { name: 'web' } },
      'kind',
      /expected one of node, service, network/,
    ],
    ['nothing at all', undefined, 'kind', /expected one of/],
    ['an unknown field', web({ replica: 2 }), 'spec.replica', /unknown field/],
    [
      'an unknown field deep inside',
      template({ healthChecks: { ready: {} } }),
      'spec.template.healthChecks.ready',
      /unknown field/,
    ],
    ['a wrong type', web({ replicas: 'three' }), 'spec.replicas', /expected (int|number)/],
    [
      'a wrong unit of memory',
      template({ resources: { requests: { memory: '64MB' } } }),
      'spec.template.resources.requests.memory',
      /expected bytes .* got "64MB"/,
    ],
    [
      'a wrong unit of CPU',
      template({ resources: { limits: { cpu: '2GHz' } } }),
      'spec.template.resources.limits.cpu',
      /expected whole millicores .* got "2GHz"/,
    ],
    ['a negative number', web({ replicas: -1 }), 'spec.replicas', />=0/],
    [
      'a negative amount',
      template({ resources: { requests: { cpu: -100 } } }),
      'spec.template.resources.requests.cpu',
      /must not be negative/,
    ],
    ['an absurd number', web({ replicas: 1e12 }), 'spec.replicas', /10000000/],
    [
      'an absurd amount',
      template({ resources: { requests: { memory: '5000000Ti' } } }),
      'spec.template.resources.requests.memory',
      /must be at most/,
    ],
    ['an absurd time', template({ stopGraceMs: 1e12 }), 'spec.template.stopGraceMs', /604800000/],
    [
      'a port out of range',
      template({ ports: [{ target: 70_000 }] }),
      'spec.template.ports[0].target',
      /65535/,
    ],
    [
      'a port twice',
      template({ ports: [{ target: 80 }, { target: 80 }] }),
      'spec.template.ports[1].target',
      /duplicate port tcp:80/,
    ],
    [
      'a published port twice',
      template({
        ports: [
          { target: 80, published: 8080 },
          { target: 81, published: 8080 },
        ],
      }),
      'spec.template.ports[1].published',
      /published twice/,
    ],
    ['a name that is not a DNS label', web({}, { name: 'My_Web' }), 'meta.name', /expected a DNS label/],
    ['a name that is too long', web({}, { name: 'w'.repeat(64) }), 'meta.name', /DNS label/],
    [
      'a network whose name is none',
      { kind: 'network', meta: { name: '-x' } },
      'meta.name',
      /expected a (DNS label|network name)/,
    ],
    [
      'a constraint that cannot be parsed',
      web({ placement: { constraints: ['node.labels.zone >= 3'] } }),
      'spec.placement.constraints[0]',
      /expected == or != at position 17 of "node.labels.zone >= 3"/,
    ],
    [
      'a constraint on something unknown',
      web({ placement: { constraints: ['node.color == red'] } }),
      'spec.placement.constraints[0]',
      /unknown field "node.color".* at position 0/,
    ],
    [
      'no image and no command',
      { kind: 'service', meta: { name: 'web' }, spec: { template: {} } },
      'spec.template.image',
      /expected an image, a command, or both/,
    ],
    ['an image that is none', template({ image: ' ' }), 'spec.template.image', /expected an image reference/],
    [
      'a network that does not exist',
      template({ networks: ['back'] }),
      'spec.template.networks[0]',
      /network "back" not found/,
    ],
    [
      'a scheduler that does not exist',
      web({ scheduler: 'best' }),
      'spec.scheduler',
      /scheduler "best" not found; installed: spread/,
    ],
    [
      'a subnet that is none',
      { kind: 'network', meta: { name: 'x' }, spec: { subnet: '10.0.0.0/99' } },
      'spec.subnet',
      /expected a subnet/,
    ],
    [
      'a change of a network',
      { kind: 'network', meta: { name: 'front' }, spec: { internal: true } },
      'spec',
      /cannot be changed/,
    ],
    ['a NUL in a name', web({}, { name: 'a\0b' }), 'meta.name', /must not contain a NUL character/],
    ['a NUL in a command', template({ command: ['a\0b'] }), 'spec.template.command[0]', /NUL character/],
    ['a NUL in a value', template({ env: { A: 'a\0b' } }), 'spec.template.env.A', /NUL character/],
    ['a NUL in a key', web({}, { labels: { 'a\0b': 'x' } }), 'meta.labels.a\\u0000b', /NUL character/],
    ['half of a surrogate pair', template({ args: ['\ud800'] }), 'spec.template.args[0]', /surrogate pair/],
    [
      'a key called __proto__',
      web({}, { labels: JSON.parse('{"__proto__":"x"}') }),
      'meta.labels.__proto__',
      /not allowed/,
    ],
    ['a key called constructor', web({ constructor: { prototype: 1 } }), 'spec.constructor', /unknown field/],
    ['not a number', web({ replicas: Number.NaN }), 'spec.replicas', /expected a finite number, got NaN/],
    ['infinity', web({ replicas: Number.POSITIVE_INFINITY }), 'spec.replicas', /got Infinity/],
    [
      'a date',
      template({ env: { A: new Date(0) } }),
      'spec.template.env.A',
      /expected an object, got a Date/,
    ],
    ['a function', template({ env: { A: () => 1 } }), 'spec.template.env.A', /expected data, got a function/],
    ['a big integer', web({ replicas: 10n }), 'spec.replicas', /expected data, got a bigint/],
    ['a name that is an object', web({}, { name: {} }), 'meta.name', /expected string/],
    ['meta that is a list', { kind: 'service', meta: [], spec: {} }, 'meta', /expected object/],
    ['meta that is null', { kind: 'service', meta: null, spec: {} }, 'meta', /expected object/],
    [
      'a spec that is null',
      { kind: 'service', meta: { name: 'web' }, spec: null },
      'spec',
      /expected object/,
    ],
    ['a kind that is a list', { kind: ['service'], meta: { name: 'web' } }, 'kind', /expected one of/],
  ];

  test('one that nests too deeply, or contains itself, is INVALID_OBJECT', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level++) deep = { a: deep };
    const circle: Record<string, unknown> = {};
    circle.again = circle;
    for (const spec of [deep, circle]) {
      await expect(
        api.apply({ kind: 'service', meta: { name: 'web' }, spec } as never),
      ).rejects.toMatchObject({
        code: 'INVALID_OBJECT',
        message: expect.stringMatching(/nests deeper than 64 levels/),
      });
      await expect(api.patch('service', 'web', { spec })).rejects.toMatchObject({ code: 'INVALID_OBJECT' });
    }
  });

  test('a command of exec with NUL, or none, is INVALID_OBJECT', async () => {
    await api.apply(web({}, { name: 'shell' }));
    await clock.advance(1000);
    const [task] = (await api.list('task', { fields: 'spec.service=shell' })).items;
    for (const options of [{ command: ['a\0b'] }, { command: [] }, { command: ['a'], env: { A: '\0' } }]) {
      await expect(api.exec(task?.meta.name ?? '', options)).rejects.toMatchObject({
        code: 'INVALID_OBJECT',
      });
    }
    await api.delete('service', 'shell');
    await clock.advance(1000);
  });

  test.each(cases)(
    '%s is INVALID_OBJECT with path and reason, and nothing is stored',
    async (_what, input, path, reason) => {
      const before = await store.list('');
      for (const call of [
        () => api.apply(input as ServiceInput),
        () => api.applyAll([web({}, { name: 'good' }), input as AnyInput]),
      ]) {
        await expect(call()).rejects.toMatchObject({
          code: 'INVALID_OBJECT',
          message: expect.stringMatching(reason),
          issues: expect.arrayContaining([{ path, message: expect.stringMatching(reason) }]),
        });
      }
      expect(await store.list('')).toEqual(before);
    },
  );

  test('the cluster keeps working: valid objects are accepted afterwards', async () => {
    const applied = await api.apply(web({}));
    expect(applied.meta.generation).toBe(1);
    await clock.advance(1000);
    expect((await api.get('service', 'web')).status.ready).toBe(1);
  });
});

describe('a set of plugins that is wrong', () => {
  const component = (name: string, more: Partial<Component>): Plugin =>
    definePlugin({ name, provides: contracts.component, create: () => ({ name, ...more }) })();

  const create = (more: readonly Plugin[], clock = new TestClock()) => createCluster(plugins(clock, ...more));

  test('a wrong option is INVALID_OPTIONS, naming plugin and path', () => {
    expect(() => memoryStore({ history: -5 })).toThrowError(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/^store-memory: history: /),
        issues: [{ path: 'history', message: expect.any(String) }],
      }),
    );
    expect(() => fakeCluster({ controlPlane: { heartbeatMs: 100, downAfterMs: 150 } })).toThrowError(
      'component-dispatcher: downAfterMs: expected at least twice heartbeatMs',
    );
  });

  test('two plugins for one contract are WIRING, naming both', async () => {
    const second = { ...memoryStore(), name: 'store-other' };
    await expect(create([second])).rejects.toMatchObject({
      code: 'WIRING',
      message: '"store" is provided by store-memory and store-other',
    });
  });

  test('reports every problem of a set in one message', async () => {
    const some = plugins(new TestClock()).filter(
      ({ provides }) => provides.id !== 'bus' && provides.id !== 'network',
    );
    await expect(createCluster([...some, memoryStore()])).rejects.toMatchObject({
      code: 'WIRING',
      issues: [
        { message: 'plugin store-memory is listed 2 times' },
        { message: expect.stringMatching(/need "bus", which no plugin provides/) },
        { message: expect.stringMatching(/needs? "network", which no plugin provides/) },
      ],
    });
  });

  test('a plugin that throws in start is named, and the start is undone', async () => {
    let closed = false;
    const good = component('good', {
      [Symbol.asyncDispose]: async () => {
        closed = true;
      },
    });
    const broken = component('broken', { start: () => Promise.reject(new Error('no disk')) });
    await expect(create([good, broken])).rejects.toMatchObject({ message: 'broken: start failed: no disk' });
    expect(closed).toBe(true);
  });

  test('a plugin that hangs in start is TIMEOUT, and named', async () => {
    const clock = new TestClock();
    const starting = create([component('hanging', { start: () => new Promise(() => {}) })], clock);
    const failed = expect(starting).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'hanging: start took longer than 30000 ms',
    });
    await clock.advance(30_000);
    await failed;
  });
});
