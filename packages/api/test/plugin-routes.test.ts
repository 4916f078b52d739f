import { type ApiRoute, type ApiRoutes, apiRoute } from '@gantry/core/api';
import { allKinds, type KindDefinition } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { allRoutes, checkKinds } from '../src/routes/all-routes.ts';
import type { RouteParts } from '../src/routes/parts.ts';

const disks = apiRoute({
  method: 'GET',
  at: { object: 'node' },
  path: 'disks',
  action: 'disks',
  summary: 'The disks of a node',
  access: 'viewer',
  answers: { 200: {} },
  handle: async () => ({ status: 200, body: [] }),
});

const provided = (name: string, ...routes: readonly Partial<ApiRoute>[]): ApiRoutes => ({
  name,
  routes: routes.map((route) => ({ ...disks, ...route })),
});

const built = (...providers: readonly ApiRoutes[]) =>
  allRoutes({ kinds: allKinds([]) } as unknown as RouteParts, '1', providers);

describe('a route of a plugin', () => {
  test.each([
    [{ at: { object: 'node' } }, '/v1/nodes/{name}/disks'],
    [
      { at: { object: 'task' }, path: 'disks/{disk}' },
      '/v1/namespaces/{namespace}/tasks/{name}/disks/{disk}',
    ],
    [
      { at: { collection: 'service' }, method: 'POST', path: 'import' },
      '/v1/namespaces/{namespace}/services/import',
    ],
    [{ at: undefined, path: 'disks/by-size' }, '/v1/disks/by-size'],
    [{ at: undefined, path: 'reports/{namespace}' }, '/v1/reports/{namespace}'],
  ] as const)('%j is at %s', (route, path) => {
    const own = built(provided('acme/disks', route)).filter(({ plugin }) => plugin !== undefined);
    expect(own.map((each) => [each.plugin, each.path])).toEqual([['acme/disks', path]]);
  });

  test.each([
    [{ path: '' }, /expected segments/],
    [{ path: '/disks' }, /expected segments/],
    [{ path: 'disks/' }, /expected segments/],
    [{ path: '../tokens' }, /expected segments/],
    [{ path: '*' }, /expected segments/],
    [{ path: '{name}' }, /parameter twice/],
    [{ method: 'HEAD' as 'GET' }, /method is not one of/],
    [{ at: { object: 'gadget' as 'node' } }, /kind "gadget" not found/],
    [{ action: 'Disks!' }, /its action "Disks!"/],
    [{ at: undefined, verb: 'read' }, /its verb "read"/],
    [{ body: { schema: z.string() } }, /GET has no body/],
    [{ answers: {} }, /at least one answer/],
    [{ answers: { 404: {} } }, /status from 200 to 299/],
    [{ answers: { 200: { shape: { component: 'disk' } } } }, /component "disk" not found/],
    [{ query: {} as z.ZodObject }, /query is not validated/],
  ])('%j is rejected with the name of its plugin', (route, message) => {
    const failing = () => built(provided('acme/disks', route));
    expect(failing).toThrow(expect.objectContaining({ code: 'WIRING', details: { plugin: 'acme/disks' } }));
    expect(failing).toThrow(/^acme\/disks: route /);
    expect(failing).toThrow(message);
  });

  test.each([
    ['the same as another plugin', [{}], [{}]],
    ['a parameter where another has a word', [{ path: 'disks/{disk}' }], [{ path: 'disks/all' }]],
    ['a path that another reaches without the kind', [{}], [{ at: undefined, path: 'nodes/{node}/disks' }]],
    ['the same verb', [{ verb: 'inspect' }], [{ path: 'volumes', verb: 'inspect' }]],
  ] as const)('conflicts with one of another plugin: %s', (_what, first, second) => {
    const failing = () => built(provided('acme/first', ...first), provided('acme/second', ...second));
    const plugins = ['acme/first', 'acme/second'];
    expect(failing).toThrow(expect.objectContaining({ code: 'WIRING', details: { plugins } }));
    expect(failing).toThrow(/acme\/first and .* acme\/second/);
  });

  test.each([
    ['the same path', { path: 'events' }],
    ['a name among objects', { at: { collection: 'node' }, path: 'disks' }],
    ['a WebSocket', { at: { object: 'task' }, path: 'exec' }],
    ['a parameter that reaches it', { at: undefined, path: '{anything}' }],
    ['a verb', { verb: 'drain' }],
  ] as const)('conflicts with a built-in one: %s', (_what, route) => {
    const failing = () => built(provided('acme/first', route));
    const plugins = ['api-server', 'acme/first'];
    expect(failing).toThrow(expect.objectContaining({ code: 'WIRING', details: { plugins } }));
    expect(failing).toThrow(/of api-server and .* of acme\/first/);
  });

  test('does not conflict with one of another method, or below it', () => {
    const routes = [
      provided('acme/first', {}),
      provided('acme/second', { method: 'POST' }, { path: 'disks/{disk}' }),
    ];
    expect(built(...routes).filter(({ plugin }) => plugin !== undefined)).toHaveLength(3);
  });
});

describe('a kind that is viewed through another', () => {
  const gadget = (more: Partial<KindDefinition>): KindDefinition =>
    ({
      kind: 'gadget',
      plural: 'gadgets',
      shortNames: [],
      namespaced: false,
      description: 'A gadget.',
      ...more,
    }) as unknown as KindDefinition;
  const through = (kind: 'service' | 'node', index: string) => ({
    access: { viewedThrough: [{ kind, index }] },
  });

  test.each([
    [{ ...through('service', 'templates'), namespaced: true }, /it is namespaced/],
    [through('node', 'templates'), /no namespaced kind/],
    [through('service', 'toys'), /no index "toys"/],
  ])('%j is rejected', (more, message) => {
    const failing = () => checkKinds(allKinds([gadget(more)]));
    expect(failing).toThrow(expect.objectContaining({ code: 'WIRING' }));
    expect(failing).toThrow(message);
  });

  test('is accepted with an index of a kind with namespaces', () => {
    checkKinds(allKinds([gadget(through('service', 'templates'))]));
  });
});
