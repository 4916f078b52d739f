import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiEndpoint, apiServer, newSecret } from '@gantry/api';
import { connect } from '@gantry/client/node';
import { contracts, definePlugin } from '@gantry/core';
import type { LogFields } from '@gantry/core/contracts';
import type { KindDefinition } from '@gantry/core/model';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { withLogger } from './support/recording-logger.ts';
import { ADMIN_TOKEN, type Served, serve, WIDE } from './support/served.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function served(...parameters: Parameters<typeof serve>): Promise<Served> {
  const made = await serve(...parameters);
  closing.push(async () => made[Symbol.asyncDispose]());
  return made;
}

const BEARER = { authorization: `Bearer ${ADMIN_TOKEN}` };
const service = (name: string, template: object = {}) =>
  ({ kind: 'service', meta: { name }, spec: { template: { image: 'x', ...template } } }) as const;

describe('the audit log', () => {
  test('says who changed what, without the content of requests', async () => {
    const lines: LogFields[] = [];
    const { client, url, connect: as } = await served({}, { plugins: withLogger(lines), nodes: 1 });
    const { token, id } = await client.tokens.create({
      name: 'ci',
      grants: [{ role: 'viewer', namespace: '*' }],
    });
    await client.apply(
      service('web', {
        env: { PASSWORD: 'hunter2' },
        registryAuth: { username: 'u', password: 'pass-word' },
      }),
    );
    await client.patch('service', 'web', { spec: { template: { env: { OTHER: 'hunter3' } } } });
    await expect(as(token).delete('service', 'web')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await client.applyAll([service('a'), service('b')]);
    await fetch(`${url}/v1/namespaces/default/services/web?secret=hunter4`, {
      method: 'PUT',
      headers: BEARER,
      body: 'hunter5',
    });
    const wrong = newSecret();
    await expect(as(wrong).delete('service', 'web')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });

    const audit = lines.filter(({ part }) => part === 'audit');
    expect(audit).toMatchObject([
      { action: 'tokens', name: id, status: 201 },
      {
        action: 'object',
        who: 'admin',
        kind: 'service',
        namespace: 'default',
        name: 'web',
        outcome: 'done',
        status: 201,
      },
      { action: 'object', message: expect.stringContaining('PATCH'), status: 200 },
      { action: 'object', who: 'ci', token: id, outcome: 'refused', code: 'FORBIDDEN' },
      { action: 'bulk-apply', objects: 2, named: ['service default/a', 'service default/b'] },
      { action: 'object', outcome: 'refused', status: 415 },
    ]);
    const all = JSON.stringify(lines);
    for (const secret of [ADMIN_TOKEN, token, wrong, 'hunter', 'pass-word'])
      expect(all).not.toContain(secret);
  });

  test('a fault is logged with its place, and answered without', async () => {
    const lines: LogFields[] = [];
    const { cluster, url } = await served({}, { plugins: withLogger(lines), nodes: 0 });
    Object.defineProperty(cluster.api, 'stats', {
      value: () => Promise.reject(new TypeError('cannot read hunter2')),
    });
    const response = await fetch(`${url}/v1/stats`, { headers: BEARER });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL' });
    expect(text).not.toMatch(/hunter2|server\.test|TypeError/);
    const logged = lines.find(({ level }) => level === 'error');
    expect(logged).toMatchObject({ name: 'TypeError', route: '/v1/stats' });
    expect(JSON.stringify(logged)).toContain('server.test');
    expect(JSON.stringify(logged)).not.toContain('hunter2');
  });
});

describe('the address', () => {
  test('a Unix socket is for its owner only, and one that a killed server left is taken over', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-api-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const socket = join(folder, 'api.sock');
    const first = await served({ listen: { socket } }, { nodes: 0 });
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(first.url).toBe(`unix:${socket}`);
    await expect(serve({ listen: { socket } }, { nodes: 0 })).rejects.toThrow(/the address is in use/);
    expect((await first.client.info()).name).toBe('gantry');
  });

  test('the list of servers has its URL', async () => {
    const { url, client } = await served({}, { nodes: 0 });
    expect(await client.servers()).toMatchObject([
      { status: { role: 'leader', state: 'ready', urls: [url] } },
    ]);
  });

  test('leaves a file alone that is not a socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-api-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const socket = join(folder, 'precious');
    writeFileSync(socket, 'data');
    await expect(serve({ listen: { socket } }, { nodes: 0 })).rejects.toThrow(/cannot listen/);
    expect(statSync(socket).isFile()).toBe(true);
  });

  test('a port that is taken is named', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => taken.close(() => resolve())));
    const { port } = taken.address() as { port: number };
    await expect(serve({ listen: { port } }, { nodes: 0 })).rejects.toThrow(`127.0.0.1:${port}`);
  });

  test('uses its own certificate, which only clients that were given it trust', async () => {
    const { url, client, cluster } = await served({ tls: 'self-signed' }, { nodes: 0 });
    expect(url).toMatch(/^https:/);
    expect((await client.info()).name).toBe('gantry');
    expect(cluster.get(apiEndpoint).tls?.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const stranger = connect({ url, token: ADMIN_TOKEN, retries: 0 });
    closing.push(async () => stranger[Symbol.asyncDispose]());
    await expect(stranger.info()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(stranger.exec('x', { command: ['x'] })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('limits', () => {
  test('a token over its rate limit gets 429 with Retry-After; other tokens are unaffected', async () => {
    const {
      client,
      url,
      connect: as,
    } = await served({ limits: { requestsPerSecond: 1, burst: 5 } }, { nodes: 0 });
    const { token } = await client.tokens.create({
      name: 'other',
      grants: [{ role: 'viewer', namespace: '*' }],
    });
    const responses = await Promise.all(
      Array.from({ length: 8 }, () => fetch(`${url}/v1/info`, { headers: BEARER })),
    );
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(await refused[0]?.json()).toMatchObject({ code: 'EXHAUSTED' });
    expect((await as(token).info()).name).toBe('gantry');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('a token has a limited number of streams, and gets one back when one ends', async () => {
    const { url } = await served({ limits: { ...WIDE, streamsPerToken: 2 } }, { nodes: 0 });
    const open = () => fetch(`${url}/v1/services?watch=true`, { headers: BEARER });
    const [first, second] = [await open(), await open()];
    expect((await open()).status).toBe(429);
    await first.body?.cancel();
    await expect
      .poll(async () => {
        const third = await open();
        if (third.status !== 200) return third.status;
        await third.body?.cancel();
        return 200;
      })
      .toBe(200);
    await second.body?.cancel();
  });

  test('open streams of a token end when it is deleted', async () => {
    const { client, url, connect: as } = await served({}, { nodes: 1 });
    const { token, id } = await client.tokens.create({
      name: 'x',
      grants: [{ role: 'operator', namespace: '*' }],
    });
    const watch = as(token).watch('service')[Symbol.asyncIterator]();
    const next = watch.next();
    next.catch(() => undefined);
    const raw = await fetch(`${url}/v1/services?watch=true`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await client.tokens.delete(id);
    await expect(next).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const lines = (await raw.text()).trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      type: 'error',
      problem: { code: 'UNAUTHENTICATED' },
    });
  });

  test('open streams of a token end when it expires', async () => {
    const { client, connect: as } = await served({}, { nodes: 0 });
    const grants = [{ role: 'viewer', namespace: '*' }] as const;
    const { token } = await client.tokens.create({ name: 'x', grants, expiresInMs: 500 });
    const watch = as(token).watch('service')[Symbol.asyncIterator]();
    await expect(watch.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

/** Collects the text of a streamed response. */
function textOf(response: Response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const more = async (): Promise<boolean> => {
    const { done = true, value = '' } = (await reader?.read()) ?? {};
    text += value;
    return !done;
  };
  return {
    includes: async (part: string) => {
      while (!text.includes(part)) if (!(await more())) throw new Error(`the answer ended without ${part}`);
    },
    lines: async (): Promise<{ type: string; revision?: number }[]> => {
      while (await more());
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
  };
}

describe('watches', () => {
  test('begin with the existing objects and a bookmark, resume from a revision, and end with the server', async () => {
    const { client, url, cluster } = await served({ bookmarkMs: 50 }, { nodes: 0 });
    const applied = await client.apply({ kind: 'network', meta: { name: 'a' }, spec: {} });
    const whole = await fetch(`${url}/v1/networks?watch=true`, { headers: BEARER });
    const since = applied.meta.revision ?? 0;
    const { uid } = await client.info();
    const resumed = await fetch(`${url}/v1/networks?watch=true&since=${since}&uid=${uid}`, {
      headers: BEARER,
    });
    expect(whole.headers.get('content-type')).toBe('application/x-ndjson');
    const later = await client.apply({ kind: 'network', meta: { name: 'b' }, spec: {} });
    const mark = JSON.stringify({ type: 'bookmark', revision: later.meta.revision });
    const [allOf, restOf] = [textOf(whole), textOf(resumed)];
    await allOf.includes(mark);
    await restOf.includes(mark);
    await cluster[Symbol.asyncDispose]();
    const told = (all: { type: string; revision?: number }[]) =>
      all.filter((line, at) => line.type !== 'bookmark' || line.revision !== all[at - 1]?.revision);
    const wanted = [
      { type: 'bookmark', revision: since },
      { type: 'added', object: later },
      { type: 'bookmark', revision: later.meta.revision },
      { type: 'end' },
    ];
    expect(told(await allOf.lines())).toEqual([{ type: 'added', object: applied }, ...wanted]);
    expect(told(await restOf.lines())).toEqual(wanted);
  });

  test('are rejected for a revision of another cluster', async () => {
    const { url, client } = await served({}, { nodes: 0 });
    const { revision } = await client.info();
    for (const query of [`since=${revision + 100}`, `since=${revision}&uid=another`]) {
      const response = await fetch(`${url}/v1/networks?watch=true&${query}`, { headers: BEARER });
      expect(response.status).toBe(410);
      expect(await response.json()).toMatchObject({ code: 'COMPACTED' });
    }
  });
});

describe('WebSockets', () => {
  test('take the token as a subprotocol, and do not say it back', async () => {
    const { url, client } = await served({}, { nodes: 1 });
    await client.apply(service('web'));
    await client.wait('service', 'web', 'Available', { timeoutMs: 3000 });
    const task = (await client.list('task')).items[0]?.meta.name;
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}/v1/namespaces/default/tasks/${task}/exec?command=echo&command=hi`,
      ['gantry.v1', `bearer.${ADMIN_TOKEN}`],
    );
    const heard: string[] = [];
    socket.on('open', () => socket.send('{"type":"end"}'));
    socket.on('message', (data: Buffer, binary) =>
      heard.push(binary ? `${data[0]}:${data.subarray(1)}` : String(data)),
    );
    const code = await new Promise((resolve) => socket.on('close', resolve));
    expect(socket.protocol).toBe('gantry.v1');
    expect(code).toBe(1000);
    expect(heard.at(0)).toBe('{"type":"started"}');
    expect(heard.at(-1)).toBe('{"type":"exit","code":0}');
    expect(heard.slice(1, -1).join('')).toBe('1:echo hi\n');
  });

  test.each([
    ['no token', [], 401],
    ['a wrong one', [`bearer.${newSecret()}`], 401],
  ])('are rejected before they open with %s', async (_what, protocols, status) => {
    const { url } = await served({}, { nodes: 0 });
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}/v1/namespaces/default/tasks/x/exec?command=x`,
      ['gantry.v1', ...protocols],
    );
    const refused = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('error', () => undefined);
    });
    expect(refused).toBe(status);
    socket.terminate();
  });

  test.each([
    'not json',
    '[]',
    '{"type":5}',
    '{"type":"no-such"}',
    '{"type":"resize","columns":-1,"rows":1e9}',
  ])('a client that sends %s gets an error, and the server keeps working', async (message) => {
    const { url, client } = await served({}, { nodes: 1 });
    await client.apply(service('web'));
    await client.wait('service', 'web', 'Available', { timeoutMs: 3000 });
    const task = (await client.list('task')).items[0]?.meta.name;
    const path = `/v1/namespaces/default/tasks/${task}/exec?command=cat`;
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, ['gantry.v1'], { headers: BEARER });
    const heard: string[] = [];
    socket.on('message', (data: Buffer, binary) => {
      if (binary) return;
      heard.push(String(data));
      if (heard.length === 1) socket.send(message);
    });
    const code = await new Promise((resolve) => socket.on('close', resolve));
    expect(code === 1007 || heard.at(-1)?.includes('INVALID_OBJECT')).toBe(true);
    expect((await client.info()).name).toBe('gantry');
  });
});

describe('kinds of plugins', () => {
  const gadget = (plural: string) =>
    definePlugin({
      name: 'gadgets',
      provides: contracts.kind,
      create: () =>
        ({
          kind: 'gadget',
          plural,
          shortNames: [],
          namespaced: true,
          description: 'A thing.',
          input: z.strictObject({
            kind: z.literal('gadget'),
            meta: z.looseObject({ name: z.string() }),
            spec: z.strictObject({ size: z.int().default(1) }),
          }),
        }) as unknown as KindDefinition,
    })();

  test('have the same routes and their schema', async () => {
    const { client, url } = await served(
      {},
      { plugins: [...fakeCluster({ logLevel: 'silent' }), gadget('gadgets')], nodes: 0 },
    );
    const api = client as unknown as {
      apply(input: object): Promise<{ spec: unknown }>;
      applyAll(inputs: object[]): Promise<unknown>;
      list(kind: string): Promise<{ items: { meta: { name: string } }[] }>;
      get(kind: string, id: string): Promise<object>;
      delete(kind: string, id: string): Promise<void>;
    };
    expect(
      (await api.apply({ kind: 'gadget', meta: { name: 'g', namespace: 'team-a' }, spec: {} })).spec,
    ).toEqual({ size: 1 });
    await expect(
      api.apply({ kind: 'gadget', meta: { name: 'h' }, spec: { size: 'x' } }),
    ).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [{ path: 'spec.size' }],
    });
    // Its own schema would take this name, which is the id of a gadget of another namespace.
    await expect(
      api.applyAll([{ kind: 'gadget', meta: { name: 'team-b/g' }, spec: {} }]),
    ).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [{ path: 'meta.name' }],
    });
    expect((await api.list('gadget')).items.map(({ meta }) => meta.name)).toEqual(['g']);
    expect(await (await fetch(`${url}/schemas/gadget.json`)).json()).toMatchObject({
      description: 'A thing.',
      properties: { spec: { properties: { size: { type: 'integer' } } } },
    });
    await expect(api.get('widget', 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test.each(['tokens', 'servers', 'services', 'namespaces', 'a/b'])(
    'cannot take the path %s',
    async (plural) => {
      const plugins = [...fakeCluster({ logLevel: 'silent' }), gadget(plural), apiServer()];
      await expect(createCluster(plugins, { nodes: 0 })).rejects.toThrow(/kind "gadget"/);
    },
  );
});

test('kinds that only the cluster writes are UNSUPPORTED, 405', async () => {
  const { url, client } = await served({}, { nodes: 0 });
  const response = await fetch(`${url}/v1/namespaces/default/tasks/x`, {
    method: 'PUT',
    headers: { ...BEARER, 'content-type': 'application/json' },
    body: '{"kind":"task","meta":{"name":"x"},"spec":{}}',
  });
  expect(response.status).toBe(405);
  await expect(client.patch('task' as 'service', 'x', {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

test('the figures count what happened', async () => {
  const { client, url } = await served({}, { nodes: 2 });
  await client.apply(service('web'));
  await client.wait('service', 'web', 'Available', { timeoutMs: 3000 });
  await client.get('service', 'nothing').catch(() => undefined);
  const text = await (await fetch(`${url}/metrics`, { headers: BEARER })).text();
  expect(text).toContain('gantry_nodes{state="ready"} 2');
  expect(text).toContain('gantry_tasks{state="running"} 1');
  expect(text).toContain('gantry_services 1');
  expect(text).toMatch(
    /gantry_api_requests_total\{route="[^"]*services\/\{name\}",method="GET",status="404"\} 1/,
  );
  expect(text).toMatch(/gantry_api_request_seconds_count\{route="[^"]*services\/\{name\}",method="PUT"\} 1/);
});
