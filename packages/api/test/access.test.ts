import { allKinds, type Grant, type KindDefinition } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { allows, type Requirement, requirementOf } from '../src/auth/access.ts';
import { bearerOf } from '../src/auth/bearer.ts';
import { allRoutes } from '../src/routes/all-routes.ts';
import type { RouteParts } from '../src/routes/parts.ts';

const gadget = {
  kind: 'gadget',
  plural: 'gadgets',
  shortNames: [],
  namespaced: false,
  description: 'A gadget.',
};
const kinds = allKinds([gadget as unknown as KindDefinition]);
const routes = allRoutes({ kinds } as unknown as RouteParts, '1');
const [service, task, node, template] = ['service', 'task', 'node', 'template'];

const table: readonly [
  method: string,
  action: string,
  kind: string | undefined,
  namespace: string | undefined,
  wanted: Requirement | string,
][] = [
  ['GET', 'health', undefined, undefined, 'open'],
  ['GET', 'ready', undefined, undefined, 'open'],
  ['GET', 'openapi', undefined, undefined, 'open'],
  ['GET', 'schema', undefined, undefined, 'open'],
  ['GET', 'info', undefined, undefined, 'token'],
  ['POST', 'bulk-apply', undefined, undefined, 'token'],
  ['POST', 'bulk-plan', undefined, undefined, 'token'],
  ['GET', 'metrics', undefined, undefined, 'viewer *'],
  ['GET', 'servers', undefined, undefined, 'viewer *'],
  ['GET', 'stats', undefined, undefined, 'token'],
  ['GET', 'state', undefined, undefined, 'admin *'],
  ['GET', 'tokens', undefined, undefined, 'admin *'],
  ['POST', 'tokens', undefined, undefined, 'admin *'],
  ['DELETE', 'token', undefined, undefined, 'admin *'],
  ['GET', 'collection', service, undefined, 'viewer *'],
  ['GET', 'collection', service, 'a', 'viewer a'],
  ['POST', 'collection', service, 'a', 'operator a'],
  ['GET', 'object', service, 'a', 'viewer a'],
  ['PUT', 'object', service, 'a', 'operator a'],
  ['PATCH', 'object', service, 'a', 'operator a'],
  ['DELETE', 'object', service, 'a', 'operator a'],
  ['PUT', 'object', service, undefined, 'operator *'],
  ['GET', 'object', node, undefined, 'viewer *'],
  ['PUT', 'object', node, undefined, 'admin *'],
  ['DELETE', 'object', node, undefined, 'admin *'],
  ['PUT', 'availability', node, undefined, 'admin *'],
  ['GET', 'object', template, undefined, 'token'],
  ['GET', 'collection', template, 'a', 'viewer *'],
  ['PUT', 'object', gadget.kind, undefined, 'operator *'],
  ['GET', 'events', service, 'a', 'viewer a'],
  ['GET', 'explain', service, 'a', 'viewer a'],
  ['GET', 'rollout', service, 'a', 'viewer a'],
  ['GET', 'logs', service, 'a', 'operator a'],
  ['GET', 'exec', task, 'a', 'operator a'],
  ['GET', 'dial', task, 'a', 'operator a'],
  ['PUT', 'scale', service, 'a', 'operator a'],
  ['POST', 'rollback', service, 'a', 'operator a'],
  ['POST', 'restart', service, 'a', 'operator a'],
];

describe('the requirement of a request', () => {
  test.each(table)('%s %s of %s in %s: %s', (method, action, kind, namespace, wanted) => {
    const route = routes.findLast(
      (each) => each.method === method && each.action === action && each.kind?.kind === kind,
    );
    if (route === undefined) throw new Error(`no route ${method} ${action} of ${kind}`);
    const required = requirementOf(route, namespace);
    expect(typeof required === 'string' ? required : `${required.role} ${required.namespace}`).toBe(wanted);
  });
});

describe('a sufficient grant', () => {
  const roles = ['viewer', 'operator', 'admin'] as const;
  const grants: Grant[] = roles.flatMap((role) => ['a', 'b', '*'].map((namespace) => ({ role, namespace })));

  test('a role may do everything that lower ones may, in its namespace or with * in all', () => {
    for (const has of grants) {
      for (const needs of grants) {
        const enough =
          roles.indexOf(has.role) >= roles.indexOf(needs.role) &&
          (has.namespace === '*' || has.namespace === needs.namespace);
        expect(allows([has], needs), `${JSON.stringify(has)} for ${JSON.stringify(needs)}`).toBe(enough);
      }
    }
  });

  test('roles of two namespaces do not add up', () => {
    const own: Grant[] = [
      { role: 'admin', namespace: 'a' },
      { role: 'viewer', namespace: '*' },
    ];
    expect(allows(own, { role: 'operator', namespace: 'b' })).toBe(false);
    expect(allows(own, { role: 'operator', namespace: '*' })).toBe(false);
    expect(allows(own, { role: 'viewer', namespace: 'b' })).toBe(true);
    expect(allows([], 'token')).toBe(true);
    expect(allows([], { role: 'viewer', namespace: 'a' })).toBe(false);
  });
});

describe('the bearer token of a request', () => {
  test.each([
    [{}, undefined],
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer   abc ' }, 'abc'],
    [{ authorization: 'Bearer a b' }, ''],
    [{ authorization: 'Basic abc' }, ''],
    [{ 'sec-websocket-protocol': 'gantry.v1, bearer.abc' }, undefined],
    [{ upgrade: 'WebSocket', 'sec-websocket-protocol': 'gantry.v1, bearer.abc' }, 'abc'],
    [{ upgrade: 'websocket', 'sec-websocket-protocol': 'gantry.v1' }, undefined],
    [{ upgrade: 'websocket', authorization: 'Basic x', 'sec-websocket-protocol': 'bearer.abc' }, ''],
  ])('is read from the headers %j: %s', (headers, wanted) => {
    expect(bearerOf(headers)).toBe(wanted);
  });
});
