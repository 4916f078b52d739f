import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allOperations, type Operation, urlOf } from './support/operations.ts';
import { ADMIN_TOKEN, type Served, serve } from './support/served.ts';

const STRANGER = `gantry_${'a-token-never-issued'.padEnd(43, 'x')}`;

let served: Served;
let operations: readonly Operation[];
const tokens = { elsewhere: '', expired: '', deleted: '', viewer: '', operator: '', everywhere: '' };

beforeAll(async () => {
  served = await serve({}, { nodes: 0 });
  operations = await allOperations(served.url);
  const create = async (role: 'viewer' | 'operator' | 'admin', namespace: string, expiresInMs?: number) =>
    await served.client.tokens.create({
      name: 'test',
      grants: [{ role, namespace }],
      ...(expiresInMs === undefined ? {} : { expiresInMs }),
    });
  tokens.elsewhere = (await create('admin', 'elsewhere')).token;
  tokens.viewer = (await create('viewer', 'team-a')).token;
  tokens.operator = (await create('operator', 'team-a')).token;
  tokens.everywhere = (await create('operator', '*')).token;
  tokens.expired = (await create('admin', '*', 1)).token;
  const deleted = await create('admin', '*');
  await served.client.tokens.delete(deleted.id);
  tokens.deleted = deleted.token;
});

afterAll(async () => served[Symbol.asyncDispose]());

async function statusOf(operation: Operation, headers: Record<string, string>): Promise<number> {
  const response = await fetch(`${served.url}${urlOf(operation, { namespace: 'team-a' })}`, {
    method: operation.method,
    headers: { ...headers, ...(operation.body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(operation.body === undefined ? {} : { body: '{}' }),
  });
  await response.body?.cancel();
  return response.status;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** What every route that is not open answers to each kind of request, with the statuses that are not as wanted. */
async function unexpected(headers: Record<string, string>, wanted: readonly number[]): Promise<string[]> {
  const found: string[] = [];
  for (const operation of operations.filter(({ open }) => !open)) {
    const status = await statusOf(operation, headers);
    if (!wanted.includes(status)) found.push(`${operation.method} ${operation.path}: ${status}`);
  }
  return found;
}

describe('every route of the OpenAPI document', () => {
  test('there are routes of every kind, and few that are open', () => {
    expect(operations.length).toBeGreaterThan(60);
    expect(operations.filter(({ open }) => open).map(({ path }) => path)).toEqual([
      '/healthz',
      '/readyz',
      '/openapi.json',
      ...['node', 'service', 'template', 'task', 'network', 'event'].map((kind) => `/schemas/${kind}.json`),
    ]);
  });

  test.each([
    ['no token', () => ({})],
    ['an empty token', () => ({ authorization: 'Bearer ' })],
    ['a token of the wrong form', () => bearer('admin')],
    ['another scheme', () => ({ authorization: `Basic ${ADMIN_TOKEN}` })],
    ['two tokens', () => bearer(`${ADMIN_TOKEN}, ${ADMIN_TOKEN}`)],
    ['an unknown token', () => bearer(STRANGER)],
    ['an expired token', () => bearer(tokens.expired)],
    ['a deleted token', () => bearer(tokens.deleted)],
    ['the hash instead of the token', () => bearer(`gantry_${'0'.repeat(64)}`)],
    [
      'a token where only a WebSocket may have it',
      () => ({ 'sec-websocket-protocol': `bearer.${ADMIN_TOKEN}` }),
    ],
  ])('answers 401 to %s', async (_what, headers) => {
    expect(await unexpected(headers(), [401])).toEqual([]);
  });

  test('a token in the URL is none', async () => {
    const response = await fetch(`${served.url}/v1/info?token=${ADMIN_TOKEN}&access_token=${ADMIN_TOKEN}`);
    expect(response.status).toBe(401);
  });

  test('answers 403 to the admin of another namespace, except where any token suffices or the body decides', async () => {
    const found = await unexpected(bearer(tokens.elsewhere), [403]);
    expect(found).toEqual([
      'GET /v1/info: 200',
      'GET /v1/stats: 200', // of no task
      'POST /v1/apply: 422',
      'POST /v1/plan: 422',
      'GET /v1/access: 200', // of the token itself
    ]);
  });

  test('a viewer changes nothing, and reads only its namespace', async () => {
    const writes = operations.filter(({ open, method }) => !open && method !== 'GET');
    for (const operation of writes.filter(({ path }) => !['/v1/apply', '/v1/plan'].includes(path))) {
      expect(`${operation.path} ${await statusOf(operation, bearer(tokens.viewer))}`).toBe(
        `${operation.path} 403`,
      );
    }
    for (const operation of operations.filter(({ open, method }) => !open && method === 'GET')) {
      const closed = ['logs', 'exec', 'dial'].some((last) => operation.path.endsWith(last));
      const own = operation.path.includes('{namespace}') && !closed;
      const status = await statusOf(operation, bearer(tokens.viewer));
      if (own || ['/v1/info', '/v1/stats', '/v1/access'].includes(operation.path))
        expect(`${operation.path} ${status}`).not.toContain(' 403');
      else expect(`${operation.path} ${status}`).toBe(`${operation.path} 403`);
    }
  });

  test('an operator of everything changes neither nodes nor tokens', async () => {
    for (const operation of operations.filter(({ open }) => !open)) {
      const forAdmins =
        operation.path === '/v1/state' ||
        operation.path.startsWith('/v1/tokens') ||
        (operation.path.startsWith('/v1/nodes') && operation.method !== 'GET');
      const status = await statusOf(operation, bearer(tokens.everywhere));
      if (forAdmins) expect(`${operation.path} ${status}`).toBe(`${operation.path} 403`);
      else expect(`${operation.path} ${status}`).not.toContain(' 403');
    }
  });
});

describe('a path that is not a route', () => {
  test.each([
    '/',
    '/v1',
    '/v1/nothing',
    '/v1/namespaces/team-a/nothing/x',
    '/v1/services/web',
    '/admin',
    '/metrics/x',
  ])('%s answers 401 without a token, and 404 with one', async (path) => {
    expect((await fetch(`${served.url}${path}`)).status).toBe(401);
    expect((await fetch(`${served.url}${path}`, { headers: bearer(tokens.viewer) })).status).toBe(404);
  });
});

describe('a token for one namespace', () => {
  const service = (meta: object) => ({ kind: 'service', meta, spec: { template: { image: 'x' } } });
  const send = async (method: string, path: string, body?: unknown) =>
    await fetch(`${served.url}${path}`, {
      method,
      headers: {
        ...bearer(tokens.operator),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  test.each([
    ['/v1/namespaces/team-a/services/team-b%2Fweb', 404],
    ['/v1/namespaces/team-a/services/..%2F..%2Fteam-b%2Fservices%2Fweb', 404],
    ['/v1/namespaces/team-a%2F..%2Fteam-b/services/web', 403],
    ['/v1/namespaces/TEAM-A/services/web', 403],
    ['/v1/namespaces/*/services/web', 403],
    ['/v1/namespaces/%2a/services', 403],
    ['/v1/namespaces/default/services/team-a%2Fweb', 403],
  ])('does not lead out of it by the path %s', async (path, status) => {
    expect((await send('GET', path)).status).toBe(status);
  });

  test.each([
    [{ name: 'web', namespace: 'team-b' }, 403],
    [{ name: 'web' }, 403],
    [{ name: 'team-b/web', namespace: 'team-a' }, 422],
    [{ name: 'web', namespace: 'team-a/..' }, 422],
    [{ name: 'web', namespace: ['team-a'] }, 422],
    [{ name: 'web', namespace: '*' }, 422],
    [{ name: 'web', namespace: '' }, 422],
  ])('does not lead out of it by the body %j', async (meta, status) => {
    expect((await send('POST', '/v1/apply', { objects: [service(meta)] })).status).toBe(status);
    expect([403, 422]).toContain(
      (
        await send(
          'PUT',
          '/v1/namespaces/team-a/services/web',
          service({ ...meta, name: 'web', namespace: 'team-b' }),
        )
      ).status,
    );
  });

  test('does not apply one object of another namespace among its own', async () => {
    const objects = [
      service({ name: 'mine', namespace: 'team-a' }),
      service({ name: 'theirs', namespace: 'team-b' }),
    ];
    expect((await send('POST', '/v1/apply', { objects })).status).toBe(403);
    expect((await served.client.list('service')).items).toEqual([]);
  });

  test('does not open another namespace, even if it is for default and ids of the other one contain a slash', async () => {
    await served.client.apply({
      kind: 'network',
      meta: { name: 'theirs', namespace: 'team-b' },
      spec: {},
    });
    const grants = [{ role: 'operator', namespace: 'default' }] as const;
    const { token } = await served.client.tokens.create({ name: 'default', grants });
    for (const method of ['GET', 'DELETE']) {
      const path = '/v1/namespaces/default/networks/team-b%2Ftheirs';
      expect((await fetch(`${served.url}${path}`, { method, headers: bearer(token) })).status).toBe(404);
    }
    expect((await served.client.get('network', 'team-b/theirs')).meta.deletedAt).toBeUndefined();
  });

  test('does everything that its role allows', async () => {
    const applied = await send('PUT', '/v1/namespaces/team-a/services/web', service({ name: 'web' }));
    expect(applied.status).toBe(201);
    expect(await applied.json()).toMatchObject({ meta: { name: 'web', namespace: 'team-a' } });
    expect((await send('DELETE', '/v1/namespaces/team-a/services/web')).status).toBe(202);
  });
});
