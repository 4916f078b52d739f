import { contracts, definePlugin, GantryError, type Plugin, type StandardSchema } from '@gantry/core';
import { type ApiRoute, apiRoute } from '@gantry/core/api';
import type { LogFields } from '@gantry/core/contracts';
import { fakeCluster } from '@gantry/presets/fake';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { officeHours } from '../../examples/custom-kind/src/office-hours.ts';
import { officeHoursRoutes } from '../../examples/custom-kind/src/office-hours-routes.ts';
import { withLogger } from './support/recording-logger.ts';
import { ADMIN_TOKEN, type Served, serve } from './support/served.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ADMIN = bearer(ADMIN_TOKEN);

const providing = (name: string, routes: readonly ApiRoute[]): Plugin =>
  definePlugin({ name, provides: contracts.apiRoutes, create: () => ({ name, routes }) })();

/** A validator of another library: only the face of the standard. */
const oneWord: StandardSchema<unknown, { word: string }> = {
  '~standard': {
    version: 1,
    vendor: 'acme',
    validate: (value) => {
      const { word } = value as { word?: unknown };
      if (typeof word === 'string' && /^\w+$/.test(word)) return { value: { word } };
      return { issues: [{ message: 'Expected one word', path: ['word'] }] };
    },
  },
};

const read = { method: 'GET', access: 'viewer', summary: 'A read', answers: { 200: {} } } as const;

describe('the route of a third party', () => {
  let served: Served;
  const lines: LogFields[] = [];
  const tokens = new Map<string, string>();
  beforeAll(async () => {
    const disks = apiRoute({
      ...read,
      at: { object: 'node' },
      path: 'disks/{disk}',
      action: 'disk',
      query: z.strictObject({ unit: z.enum(['MB', 'GB']) }).partial(),
      handle: async ({ parameters, query, who }) => ({
        status: 200,
        body: { ...parameters, ...query, who: who.name },
      }),
    });
    const words = apiRoute({
      ...read,
      method: 'POST',
      path: 'words',
      action: 'words',
      access: 'token',
      body: { schema: oneWord },
      handle: async ({ body: { word } }) => ({ status: 200, body: { word } }),
    });
    const settings = apiRoute({
      ...read,
      at: { object: 'service' },
      path: 'settings',
      action: 'settings',
      handle: async ({ id, api, show, allows }) => ({
        status: 200,
        body: {
          env: show(await api.get('service', id)).spec.template.env,
          admin: allows({ role: 'admin', namespace: '*' }),
        },
      }),
    });
    const plugins = [
      ...withLogger(lines),
      ...officeHours(),
      officeHoursRoutes(),
      providing('acme/more', [disks, words, settings]),
    ];
    served = await serve({ limits: { bodyBytes: 1024 } }, { plugins, nodes: 0 });
    for (const [role, namespace] of [
      ['viewer', 'team-a'],
      ['operator', 'team-a'],
      ['operator', 'team-b'],
      ['viewer', '*'],
    ] as const) {
      const { token } = await served.client.tokens.create({ name: 'test', grants: [{ role, namespace }] });
      tokens.set(`${role} ${namespace}`, token);
    }
    const meta = { name: 'web', namespace: 'team-a' };
    const template = { image: 'web:1', env: { MODE: 'fast' } };
    await served.client.apply({ kind: 'service', meta, spec: { replicas: 2, template } });
    await served.client.apply({
      kind: 'officehours',
      meta,
      spec: { service: 'web', from: 9, to: 17, replicas: 5 },
    });
  });
  afterAll(async () => served[Symbol.asyncDispose]());

  const MOVE = '/v1/namespaces/team-a/officehours/web/move';
  const send = (method: string, path: string, token: string | undefined, body?: unknown) =>
    fetch(`${served.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : bearer(tokens.get(token) ?? token)),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  test('acts on an object of its kind', async () => {
    const response = await send('POST', MOVE, 'operator team-a', { by: -1 });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ kind: 'officehours', spec: { from: 8, to: 16 } });
    expect((await served.client.get('officehours', 'team-a/web')).spec).toMatchObject({ from: 8, to: 16 });
    expect(lines.filter(({ part, action }) => part === 'audit' && action === 'move')).toMatchObject([
      { kind: 'officehours', namespace: 'team-a', name: 'web', who: 'test', status: 200, outcome: 'done' },
    ]);
  });

  test.each([
    [undefined, 401],
    [`gantry_${'x'.repeat(43)}`, 401],
    ['viewer team-a', 403],
    ['operator team-b', 403],
    ['viewer *', 403],
    ['operator team-a', 200],
    [ADMIN_TOKEN, 200],
  ])('answers the token %s with %s', async (token, status) => {
    expect((await send('POST', MOVE, token, { by: 0 })).status).toBe(status);
  });

  test.each([
    ['GET', MOVE, undefined, 404, 'NOT_FOUND'],
    ['POST', MOVE.replace('web', 'none'), { by: 1 }, 404, 'NOT_FOUND'],
    ['POST', MOVE.replace('team-a', 'team-a%2Fx'), { by: 1 }, 404, 'NOT_FOUND'],
    ['POST', `${MOVE}?fast=true`, { by: 1 }, 400, 'INVALID_OBJECT'],
    ['POST', MOVE, { by: 'one' }, 422, 'INVALID_OBJECT'],
    ['POST', MOVE, { by: 100 }, 422, 'INVALID_OBJECT'],
    ['POST', MOVE, { by: 1, fill: 'x'.repeat(2000) }, 413, 'INVALID_OBJECT'],
    ['GET', '/v1/nodes/a/disks/b%2Fc', undefined, 404, 'NOT_FOUND'],
    ['GET', '/v1/nodes/a/disks/b?unit=TB', undefined, 400, 'INVALID_OBJECT'],
    ['POST', '/v1/words', { word: 'two words' }, 422, 'INVALID_OBJECT'],
  ])('%s %s %j is %s %s, as on a built-in route', async (method, path, body, status, code) => {
    const response = await send(method, path, ADMIN_TOKEN, body);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  test('reads parameters of path and query, below the object of any kind', async () => {
    expect((await send('GET', '/v1/nodes/a/disks/sda', 'viewer team-a')).status).toBe(403);
    const response = await send('GET', '/v1/nodes/a/disks/sda?unit=GB', 'viewer *');
    expect(await response.json()).toEqual({ name: 'a', disk: 'sda', unit: 'GB', who: 'test' });
  });

  test('takes validators of other libraries, and may need any token', async () => {
    const response = await send('POST', '/v1/words', 'viewer team-a', { word: 'one' });
    expect(await response.json()).toEqual({ word: 'one' });
  });

  test('shows objects as the caller may see them', async () => {
    const settings = async (token: string) =>
      (await send('GET', '/v1/namespaces/team-a/services/web/settings', token)).json();
    expect(await settings('viewer team-a')).toEqual({ env: { MODE: '<redacted>' }, admin: false });
    expect(await settings(ADMIN_TOKEN)).toEqual({ env: { MODE: 'fast' }, admin: true });
  });

  test('is in the OpenAPI document', async () => {
    const { paths } = (await (await fetch(`${served.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    expect(paths['/v1/namespaces/{namespace}/officehours/{name}/move']).toMatchObject({
      post: {
        summary: 'Begin and end the office hours earlier or later',
        parameters: [{ name: 'namespace' }, { name: 'name' }],
        requestBody: {
          content: { 'application/json': { schema: { properties: { by: { type: 'integer' } } } } },
        },
        responses: {
          200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/officehours' } } } },
        },
      },
    });
    expect(paths['/v1/namespaces/{namespace}/services/{name}/scale']).toMatchObject({
      put: { requestBody: { content: { 'application/json': { schema: { required: ['replicas'] } } } } },
    });
    expect(paths['/v1/nodes/{name}/disks/{disk}']).toMatchObject({
      get: { parameters: [{ name: 'name' }, { name: 'disk' }, { name: 'unit', in: 'query' }] },
    });
  });

  test('is a verb of its kind in access checks', async () => {
    const operator = served.connect(tokens.get('operator team-a'));
    const decide = async (namespace: string) =>
      (await operator.tokens.mayI({ verb: 'move', kind: 'officehours', namespace })).allowed;
    expect([await decide('team-a'), await decide('team-b')]).toEqual([true, false]);
    const { rules } = await operator.tokens.rules();
    expect(rules).toContainEqual({ verb: 'move', kind: 'officehours', namespaces: ['team-a'] });
  });
});

describe('the handler of a route', () => {
  let served: Served | undefined;
  afterEach(async () => served?.[Symbol.asyncDispose]());

  /** Serves `GET /v1/probe` with this handler. */
  const probe = async (handle: ApiRoute['handle'], handlerTimeoutMs = 60_000, lines: LogFields[] = []) => {
    const route = apiRoute({ ...read, path: 'probe', action: 'probe', handle });
    const plugins = [...withLogger(lines), providing('acme/probe', [route])];
    served = await serve({ limits: { handlerTimeoutMs } }, { plugins, nodes: 0 });
    const { url } = served;
    return (signal?: AbortSignal) => fetch(`${url}/v1/probe`, { headers: ADMIN, ...(signal && { signal }) });
  };
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;

  test.each<[string, ApiRoute['handle']]>([
    ['throws', () => Promise.reject(new Error('a secret of the plugin'))],
    [
      'throws at once',
      () => {
        throw new TypeError('a secret of the plugin');
      },
    ],
    ['throws nothing', () => Promise.reject(undefined)],
    ['throws an error that looks like one of the server', () => Promise.reject({ statusCode: 413 })],
    ['throws a bug', () => Promise.reject(new GantryError('INTERNAL', 'a secret of the plugin'))],
    [
      'throws details that cannot be sent',
      () => Promise.reject(new GantryError('CONFLICT', 'no', { details: cyclic })),
    ],
    ['throws an unknown code', () => Promise.reject(new GantryError('NOVEL' as 'CONFLICT', 'no'))],
    ['returns nothing', async () => undefined as never],
    ['returns a status that it does not declare', async () => ({ status: 204 })],
    ['returns what JSON cannot hold', async () => ({ status: 200, body: cyclic })],
    ['returns a media type that is none', async () => ({ status: 200, body: 'x', type: 'a\nb' })],
  ])('fails with the name of its plugin and affects nothing else when it %s', async (_what, handle) => {
    const lines: LogFields[] = [];
    const ask = await probe(handle, undefined, lines);
    const response = await ask();
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({
      code: 'INTERNAL',
      detail: expect.stringContaining('plugin "acme/probe" failed'),
      details: { plugin: 'acme/probe' },
    });
    expect(text).not.toContain('secret');
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'a request failed', plugin: 'acme/probe', route: '/v1/probe' }),
    );
    expect((await served?.client.info())?.name).toBeDefined();
  });

  test('may throw errors for the caller', async () => {
    const ask = await probe(() => Promise.reject(new GantryError('CONFLICT', 'disk "a" is in use')));
    const response = await ask();
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'CONFLICT', detail: 'disk "a" is in use' });
  });

  test('fails with TIMEOUT and the name of its plugin when it hangs, and its signal fires', async () => {
    const lines: LogFields[] = [];
    let reason: unknown;
    const ask = await probe(
      ({ signal }) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        });
        return new Promise(() => {});
      },
      50,
      lines,
    );
    const [response, info] = await Promise.all([ask(), served?.client.info()]);
    expect(info?.name).toBeDefined();
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({
      code: 'TIMEOUT',
      detail: 'acme/probe: GET /v1/probe: no answer in 50 ms',
      details: { plugin: 'acme/probe' },
    });
    expect(reason).toMatchObject({ code: 'TIMEOUT' });
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'the handler of a route timed out', plugin: 'acme/probe' }),
    );
  });

  /** A handler that never answers, and what becomes of its signal. */
  const endless = () => {
    let onCall = (): void => {};
    let onEnd = (_reason: unknown): void => {};
    const called = new Promise<void>((resolve) => {
      onCall = resolve;
    });
    const ended = new Promise<unknown>((resolve) => {
      onEnd = resolve;
    });
    const handle: ApiRoute['handle'] = ({ signal }) => {
      signal.addEventListener('abort', () => onEnd(signal.reason));
      onCall();
      return new Promise(() => {});
    };
    return { handle, called, ended };
  };

  test('receives its signal when the client disconnects', async () => {
    const { handle, called, ended } = endless();
    const ask = await probe(handle);
    const client = new AbortController();
    const answer = ask(client.signal).catch(() => 'gone');
    await called;
    client.abort();
    expect(await answer).toBe('gone');
    expect(await ended).toMatchObject({ code: 'ABORTED' });
    expect((await served?.client.info())?.name).toBeDefined();
  });

  test('does not delay the shutdown of the server when it hangs', async () => {
    const { handle, called, ended } = endless();
    const ask = await probe(handle);
    const answer = ask().catch(() => 'gone');
    await called;
    await served?.[Symbol.asyncDispose]();
    expect(await ended).toMatchObject({ code: 'ABORTED' });
    await answer;
  });
});

describe('the start of a cluster', () => {
  const probe = apiRoute({ ...read, path: 'probe', action: 'probe', handle: async () => ({ status: 200 }) });

  test('fails if the routes of two plugins conflict', async () => {
    const plugins = [
      ...fakeCluster({ logLevel: 'silent' }),
      providing('acme/first', [probe]),
      providing('acme/second', [probe]),
    ];
    await expect(serve({}, { plugins, nodes: 0 })).rejects.toMatchObject({
      code: 'WIRING',
      message: expect.stringMatching(/acme\/first.*acme\/second/),
    });
  });

  test('ignores routes if no plugin serves the API', async () => {
    const { createCluster } = await import('@gantry/host');
    const plugins = [...fakeCluster({ logLevel: 'silent' }), ...officeHours(), officeHoursRoutes()];
    await using cluster = await createCluster(plugins, { nodes: 0 });
    expect((await cluster.api.info()).kinds.map(({ kind }) => kind)).toContain('officehours');
  });
});
