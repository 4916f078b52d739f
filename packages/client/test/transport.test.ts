import { createServer } from 'node:net';
import { ERROR_CODES, type ErrorCode, GantryError, isGantryError } from '@gantry/core';
import { afterEach, describe, expect, test } from 'vitest';
import { connect as connectPlain } from '../src/index.ts';
import { connect } from '../src/node.ts';
import { json, problem, type Script, ScriptedServer } from './support/scripted-server.ts';

const TOKEN = 'gantry_a-secret-of-the-test-that-stays-hidden';
const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

type Options = Omit<Parameters<typeof connect>[0], 'url'>;

async function against(scripts: readonly Script[], options: Options = {}) {
  const server = await ScriptedServer.start(...scripts);
  const client = connect({ url: server.url, token: TOKEN, random: { next: () => 0 }, ...options });
  closing.push(server, client);
  return { server, client };
}

const SERVICE = { kind: 'service', meta: { name: 'web' }, spec: { template: { image: 'x' } } } as const;

async function errorOf(promise: Promise<unknown>): Promise<GantryError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isGantryError(error)) throw new Error(`expected a GantryError, got ${String(error)}`);
  return error;
}

describe('errors', () => {
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter(
    (code) => code !== 'UNAVAILABLE' && code !== 'CLOSED',
  );

  test.each(codes)('%s comes back as it was thrown', async (code) => {
    const issues = [{ path: 'spec.x', message: 'is wrong' }];
    const { client } = await against([problem(418, code, { issues, details: { a: 1 } })]);
    const error = await errorOf(client.get('service', 'web'));
    expect(error).toMatchObject({ code, message: `it is ${code}`, issues, details: { a: 1 } });
  });

  test.each([
    [502, 'UNAVAILABLE'],
    [503, 'UNAVAILABLE'],
    [504, 'UNAVAILABLE'],
    [404, 'INTERNAL'],
    [200, 'INTERNAL'],
    [302, 'UNAVAILABLE'],
  ])('maps a response that is not from Gantry, with status %i, to %s', async (status, code) => {
    const { client } = await against(
      [
        (response) => {
          response.writeHead(status, { 'content-type': 'text/html', location: 'http://elsewhere.example/' });
          response.end('<html>');
        },
      ],
      { retries: 0 },
    );
    expect((await errorOf(client.get('service', 'web'))).code).toBe(code);
  });

  test('never say the token', async () => {
    const { client } = await against([(response) => response.destroy()], { retries: 0 });
    const error = await errorOf(client.get('service', 'web'));
    expect(
      JSON.stringify([error.message, error.details, String((error.cause as Error)?.stack)]),
    ).not.toContain(TOKEN);
  });
});

describe('further attempts', () => {
  test('a read is repeated after UNAVAILABLE, after a lost connection, and after the delay of a rate limit', async () => {
    const { server, client } = await against([
      problem(503, 'UNAVAILABLE'),
      (response) => response.destroy(),
      problem(429, 'EXHAUSTED', { details: { retryAfterMs: 1 } }),
      json(200, { kind: 'service' }),
    ]);
    expect(await client.get('service', 'web')).toEqual({ kind: 'service' });
    expect(server.seen).toHaveLength(4);
  });

  test('a read is repeated a bounded number of times', async () => {
    const { server, client } = await against([problem(503, 'UNAVAILABLE')], { retries: 2 });
    expect((await errorOf(client.get('service', 'web'))).code).toBe('UNAVAILABLE');
    expect(server.seen).toHaveLength(3);
  });

  test.each([
    ['UNAVAILABLE', problem(503, 'UNAVAILABLE')],
    ['UNAVAILABLE', ((response) => response.destroy()) as Script],
    ['EXHAUSTED', problem(429, 'EXHAUSTED')],
  ])('a write that may have been done is not done again: %s', async (code, script) => {
    const { server, client } = await against([script]);
    expect((await errorOf(client.apply(SERVICE))).code).toBe(code);
    expect((await errorOf(client.delete('service', 'web'))).code).toBe(code);
    expect(server.seen).toHaveLength(2);
  });

  test('a request beyond the rate limit is repeated until its deadline, whatever it does', async () => {
    const limited = problem(429, 'EXHAUSTED', { details: { retryAfterMs: 1 } });
    const { server, client } = await against(
      [...Array.from({ length: 6 }, () => limited), json(200, SERVICE)],
      {
        retries: 0,
      },
    );
    expect(await client.apply(SERVICE)).toEqual(SERVICE);
    expect(server.seen).toHaveLength(7);
  });

  test('a request beyond the rate limit of a proxy waits for as long as its Retry-After says', async () => {
    const proxy: Script = (response) => {
      response.writeHead(429, { 'retry-after': '0', 'content-type': 'text/plain' });
      response.end('slow down');
    };
    const { server, client } = await against([proxy, json(200, SERVICE)]);
    expect(await client.apply(SERVICE)).toEqual(SERVICE);
    expect(server.seen).toHaveLength(2);
  });

  test('a request that stays beyond the rate limit ends with its deadline', async () => {
    const { client } = await against([problem(429, 'EXHAUSTED', { details: { retryAfterMs: 60_000 } })], {
      timeoutMs: 200,
    });
    expect((await errorOf(client.apply(SERVICE))).code).toBe('TIMEOUT');
  });

  test('several URLs of one cluster are used one after the other, as servers fail', async () => {
    const down = await ScriptedServer.start(json(200, SERVICE));
    const { url: downUrl } = down;
    await down[Symbol.asyncDispose]();
    const first = await ScriptedServer.start(json(200, SERVICE));
    const second = await ScriptedServer.start(json(200, SERVICE));
    const client = connect({ url: [downUrl, first.url, second.url], retries: 1, random: { next: () => 0 } });
    closing.push(second, client);
    expect(await client.apply(SERVICE)).toEqual(SERVICE);
    expect(await client.get('service', 'web')).toEqual(SERVICE);
    const { length } = first.seen;
    expect(length).toBeGreaterThan(1); // it stays with the one that answers
    await first[Symbol.asyncDispose]();
    expect(await client.get('service', 'web')).toEqual(SERVICE);
    expect(await client.apply(SERVICE)).toEqual(SERVICE);
    expect(second.seen.length).toBeGreaterThan(0);
    await second[Symbol.asyncDispose]();
    expect((await errorOf(client.get('service', 'web'))).code).toBe('UNAVAILABLE');
  });

  test('no URL at all is INVALID_OPTIONS', () => {
    expect(() => connect({ url: [] })).toThrowError(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });

  test('a write that surely was not sent is sent again', async () => {
    const { server } = await against([json(200, SERVICE)]);
    const port = Number(new URL(server.url).port);
    await server[Symbol.asyncDispose]();
    const client = connect({ url: `http://127.0.0.1:${port}`, random: { next: () => 1 } });
    closing.push(client);
    const applied = client.apply(SERVICE);
    // Until a server listens there again.
    const late = await new Promise<ScriptedServer>((resolve, reject) => {
      setTimeout(() => {
        const raw = createServer((socket) => {
          socket.once('data', () => {
            const text = JSON.stringify(SERVICE);
            socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
          });
        });
        raw.listen(port, '127.0.0.1', () =>
          resolve({ [Symbol.asyncDispose]: async () => void raw.close() } as ScriptedServer),
        );
        raw.on('error', reject);
      }, 50);
    });
    closing.push(late);
    expect(await applied).toEqual(SERVICE);
  });

  test('a missing server is UNAVAILABLE, for both entries', async () => {
    const { server } = await against([]);
    const { url } = server;
    await server[Symbol.asyncDispose]();
    for (const open of [connect, connectPlain]) {
      const client = open({ url, retries: 1, random: { next: () => 0 } });
      closing.push(client);
      const error = await errorOf(client.apply(SERVICE));
      expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { sent: false } });
    }
  });
});

describe('the end of a call', () => {
  const silent: Script = () => {};

  test('comes with its deadline: TIMEOUT', async () => {
    const { client } = await against([silent], { timeoutMs: 30 });
    expect((await errorOf(client.get('service', 'web'))).code).toBe('TIMEOUT');
  });

  test('is TIMEOUT when a response begins and does not continue', async () => {
    const { client } = await against([(response) => void response.writeHead(200).write('{')], {
      timeoutMs: 50,
    });
    expect((await errorOf(client.get('service', 'web'))).code).toBe('TIMEOUT');
  });

  test("comes with the caller's signal: ABORTED", async () => {
    const { client } = await against([silent]);
    const stop = new AbortController();
    const error = errorOf(client.get('service', 'web', { signal: stop.signal }));
    stop.abort();
    expect((await error).code).toBe('ABORTED');
  });

  test('comes with that of the client: CLOSED, as all calls after it', async () => {
    const { client } = await against([silent]);
    const error = errorOf(client.get('service', 'web'));
    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    expect((await error).code).toBe('CLOSED');
    expect((await errorOf(client.list('service'))).code).toBe('CLOSED');
    expect((await errorOf(client.exec('x', { command: ['x'] }))).code).toBe('CLOSED');
    const watch = client.watch('service')[Symbol.asyncIterator]();
    expect((await errorOf(watch.next())).code).toBe('CLOSED');
  });
});

describe('a request', () => {
  test('has the token in its header and nowhere else', async () => {
    const { server, client } = await against([json(200, { items: [], revision: 1 })]);
    await client.list('task', { namespace: 'team-a', labels: 'a=b,c', fields: 'spec.node=x', limit: 5 });
    const [seen] = server.seen;
    expect(seen?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(seen?.url.pathname).toBe('/v1/namespaces/team-a/tasks');
    expect(Object.fromEntries(seen?.url.searchParams ?? [])).toEqual({
      labelSelector: 'a=b,c',
      fieldSelector: 'spec.node=x',
      limit: '5',
    });
  });

  test.each(['', '.', '..', 'a/', '/a', 'team-a/..'])(
    'an id such as "%s" does not lead to another route',
    async (id) => {
      const { server, client } = await against([problem(404, 'NOT_FOUND')]);
      expect((await errorOf(client.delete('service', id))).code).toBe('NOT_FOUND');
      for (const { url } of server.seen)
        expect(url.pathname).toMatch(/^\/v1\/namespaces\/[^/]+\/services\/[^/]+$/);
    },
  );

  test.each(['ftp://x', 'x', '', 'unix', 'javascript:1'])('"%s" is not a URL to connect to', (url) => {
    expect(() => connectPlain({ url })).toThrow(GantryError);
    expect(() => connect({ url })).toThrow(/expected http/);
  });
});
