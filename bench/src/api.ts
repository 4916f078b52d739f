/**
 * The HTTP API over loopback: requests per second (a list of 1,000 services, one service, an apply that changes one),
 * and 1,000 watchers of one kind while about 1,000 objects a second change: the number of deliveries per second, and
 * their delay after a change. Server and load are processes of their own; both share this machine's cores.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { apiEndpoint, apiServer, newSecret } from '@gantry/api';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { quantile, round } from './support.ts';

const SERVICES = 1000;
const CONNECTIONS = 16;
const WARM_UP_MS = 500;
const MEASURE_MS = 2000;
const WATCHERS = 1000;
const CHANGES_PER_SECOND = 1000;
const WATCH_MS = 5000;
const NETWORKS = 100;

interface Ready {
  readonly url: string;
  readonly token: string;
}

interface Changed {
  readonly changes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function serve(): Promise<void> {
  const token = newSecret();
  const limits = { requestsPerSecond: 1_000_000, burst: 1_000_000 };
  const plugins = [...fakeCluster({ logLevel: 'error' }), apiServer({ adminToken: token, limits })];
  const cluster = await createCluster(plugins, { nodes: 1 });
  const { api } = cluster;
  for (let at = 0; at < SERVICES; at++) await api.apply(service(at));
  for (let at = 0; at < NETWORKS; at++) await api.apply(network(at, { tick: '0', at: '0' }));
  process.on('message', () => void change().then((changed) => process.send?.(changed)));
  process.send?.({ url: cluster.get(apiEndpoint).url, token } satisfies Ready);

  async function change(): Promise<Changed> {
    const begun = performance.now();
    const cpu = process.cpuUsage();
    let changes = 0;
    for (let elapsed = 0; elapsed < WATCH_MS; elapsed = performance.now() - begun) {
      const due = Math.floor((elapsed / 1000) * CHANGES_PER_SECOND);
      while (changes < due) {
        const labels = { tick: String(++changes), at: String(Date.now()) };
        await api.patch('network', `n-${changes % NETWORKS}`, { meta: { labels } });
        if (changes % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const { user, system } = process.cpuUsage(cpu);
    return { changes, seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 };
  }
}

function service(at: number, round = 0) {
  const labels = { app: `app-${at % 10}`, round: String(round) };
  const template = { image: 'nginx:1', ports: [{ target: 80 }] };
  return { kind: 'service', meta: { name: `s-${at}`, labels }, spec: { replicas: 0, template } } as const;
}

function network(at: number, labels: Record<string, string>) {
  return { kind: 'network', meta: { name: `n-${at}`, labels }, spec: {} } as const;
}

/** Requests per second on kept connections, with one request at a time on each. */
async function rate(
  { url, token }: Ready,
  method: string,
  path: (turn: number) => string,
  body?: (turn: number) => unknown,
): Promise<number> {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const start = performance.now() + WARM_UP_MS;
  const end = start + MEASURE_MS;
  let turn = 0;
  let answered = 0;
  const once = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const mine = turn++;
      const headers = {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      };
      const sent = request({ agent, hostname, port, method, path: path(mine), headers }, (response) => {
        response.resume();
        response.on('end', () => {
          if ((response.statusCode ?? 500) >= 300)
            reject(new Error(`${method} answered ${response.statusCode}`));
          const now = performance.now();
          if (now >= start && now < end) answered++;
          resolve();
        });
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body(mine)));
    });
  const lane = async (): Promise<void> => {
    while (performance.now() < end) await once();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  agent.destroy();
  return Math.round((answered / MEASURE_MS) * 1000);
}

/** Reads a watch on a raw socket; adds the delays of its events to `delays`, if given. */
function watch(
  { url, token }: Ready,
  delays: number[] | undefined,
): { count: number; ready: Promise<void>; end(): void } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const line = /"labels":\{"tick":"(\d+)","at":"(\d+)"\}/g;
  let rest = '';
  let ready = (): void => {};
  const watcher = {
    count: 0,
    ready: new Promise<void>((resolve) => {
      ready = resolve;
    }),
    end: () => socket.destroy(),
  };
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    const text = rest + data.toString('latin1');
    if (text.includes('"bookmark"')) ready();
    const now = Date.now();
    let end = 0;
    line.lastIndex = 0;
    for (let match = line.exec(text); match !== null; match = line.exec(text)) {
      end = line.lastIndex;
      if (match[1] === '0') continue;
      watcher.count++;
      delays?.push(now - Number(match[2]));
    }
    rest = text.slice(end).slice(-1024);
  });
  socket.write(`GET /v1/networks?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  return watcher;
}

async function measureWatchers(server: ChildProcess, ready: Ready) {
  const delays: number[] = [];
  const watchers = Array.from({ length: WATCHERS }, (_, index) =>
    watch(ready, index % 10 === 0 ? delays : undefined),
  );
  await Promise.all(watchers.map((each) => each.ready));
  const changed = next<Changed>(server);
  server.send('change');
  const { changes, seconds, cpuSeconds } = await changed;
  const behind = performance.now() + 30_000;
  while (watchers.some(({ count }) => count < changes) && performance.now() < behind) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const deliveries = watchers.reduce((sum, { count }) => sum + count, 0);
  for (const each of watchers) each.end();
  if (deliveries !== changes * WATCHERS)
    throw new Error(`${deliveries} of ${changes * WATCHERS} events arrived`);
  return {
    watchers: WATCHERS,
    eventsPerSecond: Math.round(changes / seconds),
    deliveriesPerSecond: Math.round(deliveries / seconds),
    p50Ms: round(quantile(delays, 0.5)),
    p99Ms: round(quantile(delays, 0.99)),
    serverCores: round(cpuSeconds / seconds),
  };
}

function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

async function measure(): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ['serve'], { stdio: 'inherit' });
  try {
    const ready = await next<Ready>(server);
    const path = (at: number): string => `/v1/namespaces/default/services/s-${at % SERVICES}`;
    const list1000 = await rate(ready, 'GET', () => '/v1/namespaces/default/services');
    console.log(`list of ${SERVICES} services: ${list1000}/s`);
    const get = await rate(ready, 'GET', path);
    console.log(`get: ${get}/s`);
    const apply = await rate(ready, 'PUT', path, (turn) => service(turn % SERVICES, turn + 1));
    console.log(`apply: ${apply}/s`);
    const watching = await measureWatchers(server, ready);
    console.log(
      `${WATCHERS} watchers: ${watching.deliveriesPerSecond} deliveries/s, p99 ${watching.p99Ms} ms`,
    );
    console.log(JSON.stringify({ bench: 'api', list1000, get, apply, ...watching }));
  } finally {
    server.kill('SIGKILL');
  }
}

const [role = 'measure'] = process.argv.slice(2);
if (role === 'measure') await measure();
else {
  process.on('disconnect', () => process.exit());
  await serve();
}
