import { once } from 'node:events';
import { get } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { ApiServerOptions } from '@gantry/api';
import { afterEach, expect, test } from 'vitest';
import { ADMIN_TOKEN, type Served, serve, WIDE } from './support/served.ts';

const open: AsyncDisposable[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});

async function served(limits: NonNullable<ApiServerOptions['limits']>, tls = false): Promise<Served> {
  const each = await serve(
    { limits: { ...WIDE, ...limits }, ...(tls ? { tls: 'self-signed' } : {}) },
    { nodes: 0 },
  );
  open.push(each);
  return each;
}

interface Raw {
  readonly socket: Socket;
  heard: string;
  closed: boolean;
}

async function raw(url: string, localAddress = '127.0.0.1'): Promise<Raw> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  sockets.push(socket);
  const state: Raw = { socket, heard: '', closed: false };
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    state.heard += data.toString();
  });
  socket.on('close', () => {
    state.closed = true;
  });
  await once(socket, 'connect');
  return state;
}

async function many(url: string, count: number, localAddress?: string): Promise<readonly Raw[]> {
  return await Promise.all(Array.from({ length: count }, () => raw(url, localAddress)));
}

const request = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nhost: gantry\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`;

async function metric(url: string, name: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' },
  });
  const line = (await response.text()).split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}

/** As `fetch`, of a server whose certificate is not looked at. */
async function tlsGet(url: string, path: string): Promise<string> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  return await new Promise((resolve, reject) => {
    get(`${url}${path}`, { headers, rejectUnauthorized: false, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += String(chunk);
      resolve(text);
    }).on('error', reject);
  });
}

const closedBy = (url: string, reason: string): Promise<number> =>
  metric(url, `gantry_api_connections_closed_total{reason="${reason}"}`);

test('idle connections beyond the maximum close the ones that were idle the longest, and harm no other', async () => {
  const { url, client } = await served({ connections: 40, connectionsPerAddress: 1000 });
  const used = await raw(url);
  used.socket.write(request('/v1/services?watch=true'));
  await expect.poll(() => used.heard).toContain('bookmark');
  const first = await many(url, 30);
  const flood = await many(url, 200);
  await expect.poll(() => flood.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(160);
  expect(first.every(({ closed }) => closed)).toBe(true);
  expect(first[0]?.heard).toContain('HTTP/1.1 503 Service Unavailable');
  expect(first[0]?.heard).toContain('"code":"UNAVAILABLE"');
  for (let round = 0; round < 5; round++) expect((await client.info()).kinds.length).toBeGreaterThan(0);
  expect(used.closed).toBe(false);
  expect(await closedBy(url, 'total')).toBeGreaterThanOrEqual(160);
  expect(await metric(url, 'gantry_api_connections_max')).toBe(40);
  expect(await metric(url, 'gantry_api_connections{state="active"}')).toBe(2);
});

test('the connections of one address beyond its maximum close only its own', async () => {
  const { url, client } = await served({ connections: 100, connectionsPerAddress: 10 });
  const [neighbour] = await many(url, 1);
  const flood = await many(url, 60, '127.0.0.2');
  await expect.poll(() => flood.filter(({ closed }) => closed).length).toBe(50);
  expect(neighbour?.closed).toBe(false);
  await client.info();
  expect(await closedBy(url, 'address')).toBe(50);
  expect(await closedBy(url, 'total')).toBe(0);
  neighbour?.socket.write(request('/v1/info'));
  await expect.poll(() => neighbour?.heard).toContain('HTTP/1.1 200');
});

test('a connection is rejected with 503 while all others are in use', async () => {
  const { url } = await served({ connections: 8, connectionsPerAddress: 8 });
  const watching = await many(url, 7);
  for (const { socket } of watching) socket.write(request('/v1/services?watch=true'));
  for (const each of watching) await expect.poll(() => each.heard).toContain('bookmark');
  const [writing] = await many(url, 1);
  writing?.socket.write(
    `POST /v1/apply HTTP/1.1\r\nhost: gantry\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n` +
      'content-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n',
  );
  await expect.poll(() => writing?.heard).toContain('100 Continue');
  const [refused] = await many(url, 1);
  await expect.poll(() => refused?.closed).toBe(true);
  expect(refused?.heard).toContain('HTTP/1.1 503 Service Unavailable');
  expect([...watching, writing].some((each) => each?.closed)).toBe(false);
});

test('watches leave a tenth of the connections to others, and each that is one too many is counted', async () => {
  const { url } = await served({ connections: 10, connectionsPerAddress: 10 });
  const watching = await many(url, 9);
  for (const { socket } of watching) socket.write(request('/v1/services?watch=true'));
  for (const each of watching) await expect.poll(() => each.heard).toContain('bookmark');
  const [late] = await many(url, 1);
  late?.socket.write(request('/v1/services?watch=true'));
  await expect.poll(() => late?.heard).toContain('429');
  late?.socket.destroy();
  await expect.poll(() => metric(url, 'gantry_api_streams_rejected_total{type="watch"}')).toBe(1);
});

test('a connection that stays idle between requests is closed after the idle timeout', async () => {
  const { url } = await served({ idleTimeoutMs: 200 });
  const [idle] = await many(url, 1);
  idle?.socket.write(request('/v1/info'));
  await expect.poll(() => idle?.heard).toContain('HTTP/1.1 200');
  await expect.poll(() => idle?.closed, { timeout: 60_000 }).toBe(true);
});

test('a connection that sends no request is closed after the header timeout', async () => {
  const { url } = await served({ headersTimeoutMs: 200, requestTimeoutMs: 300 });
  const [silent] = await many(url, 1);
  await expect.poll(() => silent?.closed, { timeout: 60_000 }).toBe(true);
  expect(silent?.heard).toContain('408');
  expect(await closedBy(url, 'headers')).toBe(1);
});

test('a TLS handshake that is not finished is closed after its timeout, and harms no other', async () => {
  const { url, client } = await served({ handshakeTimeoutMs: 200 }, true);
  const silent = await many(url, 5);
  await client.info();
  await expect.poll(() => silent.every(({ closed }) => closed), { timeout: 60_000 }).toBe(true);
  const closed = /closed_total\{reason="handshake"\} 5/;
  await expect.poll(() => tlsGet(url, '/metrics')).toMatch(closed);
});

test('idle TLS connections beyond the maximum close the ones that were idle the longest', async () => {
  const { url, client } = await served({ connections: 20, connectionsPerAddress: 20 }, true);
  const controller = new AbortController();
  const seen: unknown[] = [];
  const watching = (async () => {
    for await (const batch of client.watch('service', { signal: controller.signal })) seen.push(...batch);
  })();
  await client.apply({
    kind: 'service',
    meta: { name: 'web' },
    spec: { replicas: 0, template: { image: 'x' } },
  });
  await expect.poll(() => seen.length).toBeGreaterThan(0);
  const flood = await many(url, 100);
  await expect.poll(() => flood.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(80);
  await client.info();
  const before = seen.length;
  await client.scale('web', 0);
  await client.apply({
    kind: 'service',
    meta: { name: 'other' },
    spec: { replicas: 0, template: { image: 'x' } },
  });
  await expect.poll(() => seen.length).toBeGreaterThan(before);
  controller.abort();
  await watching;
});

test('unread responses close the connections that have waited the longest, and no others', async () => {
  const { url, client } = await served({ unreadBytes: 32 * 1024 * 1024 });
  const labels = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`p${index}`, 'x'.repeat(250)]),
  );
  const objects = Array.from({ length: 400 }, (_, index) => {
    return { kind: 'network' as const, meta: { name: `n-${index}`, labels }, spec: {} };
  });
  await client.applyAll(objects);
  // More than the buffers of a connection hold: about 10 MB each.
  const unread = await many(url, 12);
  for (const { socket } of unread) {
    socket.pause();
    socket.write(request('/v1/networks'));
  }
  await expect.poll(() => closedBy(url, 'unread')).toBeGreaterThan(5);
  expect(await metric(url, 'gantry_api_unread_bytes')).toBeLessThanOrEqual(32 * 1024 * 1024);
  for (let round = 0; round < 3; round++) expect((await client.list('network')).items).toHaveLength(400);
  for (const { socket } of unread) socket.destroy();
  await expect.poll(() => metric(url, 'gantry_api_unread_bytes')).toBe(0);
});
