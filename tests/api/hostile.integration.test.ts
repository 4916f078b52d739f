import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { contracts } from '@gantry/core';
import { SeededRandom } from '@gantry/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allOperations, type Operation, urlOf } from './support/operations.ts';
import { RandomJson } from './support/random-json.ts';
import { ADMIN_TOKEN, type Served, serve, WIDE } from './support/served.ts';

const BODY_BYTES = 64 * 1024;
const HEADERS_MS = 500;
const REQUEST_MS = 1000;
const FUZZED = 10_000;

let served: Served;
beforeAll(async () => {
  const limits = {
    ...WIDE,
    bodyBytes: BODY_BYTES,
    headersTimeoutMs: HEADERS_MS,
    requestTimeoutMs: REQUEST_MS,
  };
  served = await serve({ limits }, { nodes: 1 });
});
afterAll(async () => served[Symbol.asyncDispose]());

const AUTHORIZATION = { authorization: `Bearer ${ADMIN_TOKEN}` };
const PATH = '/v1/namespaces/default/services/web';
const SERVICE = { kind: 'service', meta: { name: 'web' }, spec: { template: { image: 'x' } } };

interface Answered {
  readonly status: number;
  readonly text: string;
}

async function ask(
  method: string,
  path: string,
  body?: string | Buffer,
  headers: object = {},
): Promise<Answered> {
  const response = await fetch(served.url + path, {
    method,
    headers: {
      ...AUTHORIZATION,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: body as string }),
  });
  return { status: response.status, text: await response.text() };
}

/** All stored objects except those that change on their own. */
async function stored(): Promise<readonly string[]> {
  const { entries } = await served.cluster.get(contracts.store).list('');
  return entries.map(({ key }) => key).filter((key) => !key.startsWith('events/'));
}

/** Sends raw bytes, and hears what comes until the connection ends. */
function raw(pieces: readonly string[], everyMs: number): Promise<string> {
  const { hostname, port } = new URL(served.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let heard = '';
    let at = 0;
    const timer = setInterval(() => {
      if (at < pieces.length) socket.write(pieces[at++] as string);
    }, everyMs);
    socket.on('data', (data) => {
      heard += data.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve(heard);
    });
  });
}

describe('bodies', () => {
  test.each([
    ['one that is too large', () => JSON.stringify({ ...SERVICE, status: 'x'.repeat(BODY_BYTES) }), 413],
    ['one that nests deeply', () => `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 400],
    ['one that nests deeply in objects', () => '{"a":'.repeat(10_000), 400],
    [
      'one that nests deeply where anything may be',
      () => JSON.stringify({ ...SERVICE, status: nested(1000) }),
      400,
    ],
    ['half of one', () => JSON.stringify(SERVICE).slice(0, -5), 400],
    ['none', () => '', 422],
    ['what is not JSON', () => 'kind: service', 400],
    ['not even text', () => Buffer.from([0xff, 0xfe, 0x00, 0x80]), 400],
    ['a number', () => '1e999', 422],
    ['a list', () => '[]', 422],
    ['a name that cannot become text', () => '{"kind":"service","meta":{"name":{"toString":1}}}', 422],
    ['a prototype', () => '{"__proto__":{"admin":true},"kind":"service"}', 400],
    ['a constructor', () => '{"constructor":{"prototype":{"admin":true}}}', 400],
    [
      'a prototype deep inside',
      () => '{"kind":"service","meta":{"name":"web","labels":{"__proto__":{"x":1}}}}',
      400,
    ],
  ])('%s is rejected, and nothing is stored', async (_what, body, status) => {
    const before = await stored();
    const answered = await ask('PUT', PATH, body());
    expect(answered.status).toBe(status);
    expect(JSON.parse(answered.text)).toMatchObject({ code: 'INVALID_OBJECT', status });
    expect(await stored()).toEqual(before);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  test.each([
    ['gzip', { 'content-encoding': 'gzip' }],
    ['deflate', { 'content-encoding': 'deflate' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', { 'content-type': 'text/plain' }],
    ['a merge patch that is not a patch', { 'content-type': 'application/merge-patch+json' }],
  ])('%s is not read', async (_what, headers) => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const body = 'content-encoding' in headers ? bomb : JSON.stringify(SERVICE);
    const answered = await ask('PUT', PATH, body, headers);
    expect(answered.status).toBe(415);
    expect(JSON.parse(answered.text)).toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('a body that is longer than it says is not part of it, and one without length is bounded as well', async () => {
    const head = `PUT ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTHORIZATION.authorization}\r\nContent-Type: application/json\r\n`;
    const chunk = `${(8192).toString(16)}\r\n${'x'.repeat(8192)}\r\n`;
    const heard = await raw(
      [`${head}Transfer-Encoding: chunked\r\n\r\n`, ...Array.from({ length: 12 }, () => chunk)],
      5,
    );
    expect(heard).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('slow senders', () => {
  const head = `PUT ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTHORIZATION.authorization}\r\n`;

  test('one whose head does not arrive is cut off', async () => {
    expect(await raw([...head], 100)).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  test('one whose body does not arrive is cut off, and others are served meanwhile', async () => {
    const body = [
      'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
      ...'{"kind":'.repeat(100),
    ];
    const slow = Array.from({ length: 50 }, () => raw([head, ...body], 50));
    expect((await ask('GET', '/healthz')).status).toBe(200);
    for (const heard of await Promise.all(slow)) expect(heard).not.toMatch(/^HTTP\/1\.1 [25]/);
  }, 10_000);
});

describe('paths', () => {
  test.each([
    '/v1/namespaces/default/services/..',
    '/v1/namespaces/default/services/%2e%2e',
    '/v1/namespaces/default/services/%2e%2e%2f%2e%2e%2ftokens',
    '/v1/namespaces/default/services/web%00',
    '/v1/namespaces/default/services/%',
    '/v1/namespaces/default/services/%c0%ae',
    '/v1/namespaces/default/services/__proto__',
    '/v1/namespaces/__proto__/services/constructor',
    '/v1/namespaces/default/services/toString',
    '/v1/namespaces//services/web',
    '//v1/info',
    '/v1/info/',
    '/V1/info',
    '/v1/tokens/..%2fservices%2fweb',
    '/v1/tokens/admin',
    '/schemas/__proto__.json',
    '/schemas/..%2f..%2fpackage.json',
    `/v1/nodes/${'x'.repeat(10_000)}`,
    `/v1/${'a/'.repeat(2000)}`,
    '/v1/services?labelSelector=((((',
    '/v1/services?labelSelector=a&labelSelector=b',
    '/v1/services?limit=-1',
    '/v1/services?limit=0',
    '/v1/services?limit=1e9',
    '/v1/services?continue=%00',
    '/v1/services?watch=yes',
    '/v1/services?since=5',
    '/v1/services?watch=true&limit=5',
    '/v1/services?__proto__=1',
    '/v1/services?constructor[x]=1',
    '/v1/services?watch=true&since=999999999',
    '/v1/stats?node=',
  ])('%s is rejected', async (path) => {
    const get = await ask('GET', path);
    expect([400, 404, 410, 414, 422]).toContain(get.status);
    expect(JSON.parse(get.text)).toHaveProperty('code');
    const status = (await ask('DELETE', path)).status;
    expect([400, 404, 414]).toContain(status);
  });
});

test(`${FUZZED} requests that break the schemas: no server error, nothing stored, memory as before`, async () => {
  const operations = (await allOperations(served.url)).filter(({ websocket }) => !websocket);
  const json = new RandomJson(new SeededRandom(20_260));
  const counts = new Map<number, number>();
  const before = await stored();
  const faults: string[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const fuzz = async (): Promise<void> => {
    const operation = json.pick(operations);
    const { path, body } = brokenRequest(operation, json);
    const answered = await send(agent, operation.method, path, body);
    counts.set(answered.status, (counts.get(answered.status) ?? 0) + 1);
    if (answered.status >= 500) faults.push(`${answered.status} ${operation.method} ${path} ${body}`);
    if (/ at .*\.[jt]s:\d+/.test(answered.text)) faults.push(`a stack: ${answered.text}`);
  };
  const run = async (requests: number): Promise<void> => {
    let left = requests;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await fuzz();
    };
    await Promise.all(Array.from({ length: 16 }, lane));
  };
  await run(FUZZED / 4); // all is warm then
  const heap = settledHeap();
  await run((FUZZED * 3) / 4);
  const grown = (settledHeap() - heap) / 1024 / 1024;
  agent.destroy();
  console.log(`fuzzed: ${JSON.stringify(Object.fromEntries(counts))}, heap grown by ${grown.toFixed(1)} MiB`);
  expect(faults).toEqual([]);
  expect(counts.get(200) ?? 0).toBeLessThan(FUZZED / 2);
  expect(await stored()).toEqual(before);
  expect(grown).toBeLessThan(20);
}, 300_000);

/** A request of which at least one thing is wrong, and that would change something if it were taken. */
function brokenRequest(operation: Operation, json: RandomJson): { path: string; body: string | undefined } {
  const name = json.pick([
    'web',
    'web',
    'nothing',
    '..',
    '%2e%2e',
    'a%2fb',
    'x'.repeat(300),
    '__proto__',
    '%00',
  ]);
  const url = urlOf(operation, { namespace: json.pick(['default', 'default', 'no_such', '%20']), name });
  const query = operation.query
    .filter(() => json.chance(0.3))
    // A dry run or a watch would let a right request through, or not end.
    .filter((each) => !['watch', 'follow'].includes(each.name))
    .map((each) => `${each.name}=${encodeURIComponent(safeText(json.strange()))}`);
  // Nothing that is right is sent: what has no body is asked with a parameter that does not exist.
  if (operation.body === undefined && operation.method !== 'GET') query.push('no-such=1');
  const path = `${url}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  if (operation.body === undefined) return { path, body: undefined };
  const value = json.like(operation.body, 0.2);
  // Whatever it is, this makes it wrong.
  const broken =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? breakObject(value) : value;
  return {
    path,
    body: json.chance(0.1) ? safeText(JSON.stringify(broken)).slice(0, -1) : JSON.stringify(broken),
  };
}

function breakObject(value: object): object {
  if ('objects' in value && Array.isArray(value.objects))
    return { ...value, objects: [...value.objects, 'wrong'] };
  if ('spec' in value) return { ...value, spec: { wrong: value.spec } };
  return { ...value, wrong: true };
}

function safeText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return Buffer.from(text).toString();
}

function settledHeap(): number {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().heapUsed;
}

/** As `ask`, but cheaper. */
function send(agent: Agent, method: string, path: string, body: string | undefined): Promise<Answered> {
  const { hostname, port } = new URL(served.url);
  const headers = { ...AUTHORIZATION, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = { a: value };
  return value;
}
