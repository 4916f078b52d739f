import { connect } from '@gantry/client/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT } from '../../packages/cli/src/index.ts';
import { Terminal } from '../../packages/cli/test/support/terminal.ts';
import { type Served, serve } from './support/served.ts';

let served: Served;
const secrets = new Map<string, string>();
const TOKENS: readonly (readonly [string, 'viewer' | 'operator' | 'admin', string])[] = [
  ['viewer of team-a', 'viewer', 'team-a'],
  ['operator of team-a', 'operator', 'team-a'],
  ['admin of team-a', 'admin', 'team-a'],
  ['viewer of all', 'viewer', '*'],
  ['operator of all', 'operator', '*'],
  ['admin of all', 'admin', '*'],
];
beforeAll(async () => {
  served = await serve({}, { nodes: 0 });
  for (const [name, role, namespace] of TOKENS)
    secrets.set(name, (await served.client.tokens.create({ name, grants: [{ role, namespace }] })).token);
});
afterAll(async () => served[Symbol.asyncDispose]());

/** Verbs with the request that they stand for; `{ns}` is the namespace. */
const REQUESTS: readonly (readonly [verb: string, kind: string, method: string, path: string])[] = [
  ['get', 'service', 'GET', '/v1/namespaces/{ns}/services/none'],
  ['list', 'service', 'GET', '/v1/namespaces/{ns}/services'],
  ['create', 'service', 'POST', '/v1/namespaces/{ns}/services'],
  ['apply', 'service', 'PUT', '/v1/namespaces/{ns}/services/none'],
  ['patch', 'service', 'PATCH', '/v1/namespaces/{ns}/services/none'],
  ['delete', 'service', 'DELETE', '/v1/namespaces/{ns}/services/none'],
  ['scale', 'service', 'PUT', '/v1/namespaces/{ns}/services/none/scale'],
  ['rollback', 'service', 'POST', '/v1/namespaces/{ns}/services/none/rollback'],
  ['restart', 'service', 'POST', '/v1/namespaces/{ns}/services/none/restart'],
  ['explain', 'task', 'GET', '/v1/namespaces/{ns}/tasks/none/explain'],
  ['logs', 'task', 'GET', '/v1/namespaces/{ns}/tasks/none/logs'],
  ['delete', 'task', 'DELETE', '/v1/namespaces/{ns}/tasks/none'],
  ['list', 'node', 'GET', '/v1/nodes'],
  ['patch', 'node', 'PATCH', '/v1/nodes/none'],
  ['drain', 'node', 'PUT', '/v1/nodes/none/availability'],
  ['list', 'token', 'GET', '/v1/tokens'],
  ['get', 'server', 'GET', '/v1/servers'],
  ['list', 'server', 'GET', '/v1/servers'],
  ['get', 'state', 'GET', '/v1/state'],
  ['get', 'metrics', 'GET', '/metrics'],
];

describe('GET /v1/access', () => {
  test.each(TOKENS)('agrees with the answers to actual requests, for the %s', async (name) => {
    const token = secrets.get(name) as string;
    await using client = connect({ url: served.url, token });
    const { rules } = await client.tokens.rules();
    for (const namespace of ['team-a', 'team-b']) {
      for (const [verb, kind, method, path] of REQUESTS) {
        const response = await fetch(`${served.url}${path.replace('{ns}', namespace)}`, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
          },
          ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }),
        });
        await response.body?.cancel();
        const { allowed } = await client.tokens.mayI({ verb, kind, namespace });
        expect([verb, kind, namespace, allowed]).toEqual([verb, kind, namespace, response.status !== 403]);
        const rule = rules.find((each) => each.verb === verb && each.kind === kind);
        const listed = rule?.namespaces.some(
          (each) => each === '*' || (path.includes('{ns}') && each === namespace),
        );
        expect([verb, kind, namespace, listed ?? false]).toEqual([verb, kind, namespace, allowed]);
      }
    }
  });

  test('needs a known token, and names the words that it knows', async () => {
    await using stranger = connect({ url: served.url, token: `gantry_${'x'.repeat(43)}` });
    await expect(stranger.tokens.rules()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(served.client.tokens.mayI({ verb: 'fly', kind: 'service' })).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      message: expect.stringContaining('verb: expected one of get, list, watch'),
    });
    await expect(served.client.tokens.mayI({ verb: 'get', kind: 'toString' })).rejects.toMatchObject({
      issues: [{ path: 'kind', message: expect.stringContaining('service') }],
    });
    await expect(served.client.tokens.mayI({ verb: 'scale', kind: 'node' })).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
    });
  });
});

describe('gantry auth can-i', () => {
  const run = async (name: string, line: string) => {
    const env = { GANTRY_SERVER: served.url, GANTRY_TOKEN: secrets.get(name) as string };
    await using terminal = await Terminal.open({ real: true, env });
    return terminal.run(`auth can-i ${line}`);
  };

  test.each([
    ['operator of team-a', 'scale service -n team-a', EXIT.ok, 'yes\n'],
    ['operator of team-a', 'update deploy/web -n team-a', EXIT.ok, 'yes\n'],
    [
      'operator of team-a',
      'get pods -n team-b',
      EXIT.failed,
      'no: token "operator of team-a" is not viewer of namespace team-b\n',
    ],
    [
      'operator of team-a',
      'list services -A',
      EXIT.failed,
      'no: token "operator of team-a" is not viewer of all namespaces\n',
    ],
    [
      'operator of all',
      'drain node node-1',
      EXIT.failed,
      'no: token "operator of all" is not admin of all namespaces\n',
    ],
    ['viewer of all', 'logs task web.1 -q', EXIT.failed, ''],
    ['admin of all', 'create tokens', EXIT.ok, 'yes\n'],
  ])('%s: %s', async (name, line, code, out) => {
    expect(await run(name, line)).toEqual({ code, out, err: '' });
  });

  test('--list shows kinds, namespaces and verbs', async () => {
    const { out } = await run('operator of team-a', '--list');
    expect(out).toMatch(/^KIND +NAMESPACES +VERBS\n/);
    expect(out).toMatch(/^service +team-a +get,list,watch,create,apply,patch,delete,explain,logs,scale/m);
    expect(out).not.toMatch(/^token/m);
  });

  test.each(['fly service', 'get nonsense', 'get', ''])('%j is a usage error', async (line) => {
    expect((await run('viewer of all', line)).code).toBe(EXIT.usage);
  });
});
