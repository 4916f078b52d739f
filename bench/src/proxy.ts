/**
 * Requests per second and 99th percentile through lb-proxy to three HTTP backends, on kept connections and on a new one
 * for each request, compared with direct requests to the backends and with haproxy (one thread, TCP mode) if it is
 * installed. Backends, load and balancers are processes of their own; every figure is the better of two runs, which
 * alternate with the others. Everything shares this machine's cores, including the load: compare within one run only.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BalancePolicy, Frontend } from '@gantry/core/contracts';
import { ProxyLoadBalancer } from '@gantry/lb-proxy';
import { SystemClock, SystemRandom } from '@gantry/system';
import { silentLogger } from '@gantry/testing';

const ADDRESS = '127.0.0.1';
const BACKENDS = 3;
const CONNECTIONS = 32;
const WARM_UP_MS = 500;
const MEASURE_MS = 1500;
const ROUNDS = 2;
const MODES = ['kept', 'new'] as const;

type Mode = (typeof MODES)[number];

interface Figures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

interface Job {
  readonly ports: readonly number[];
  readonly mode: Mode;
}

/** Answers every request with a few bytes. */
function serveBackend(): void {
  const server = createServer((_, response) => response.end('hello from a backend'));
  server.keepAliveTimeout = 120_000;
  server.listen(0, ADDRESS, () => process.send?.((server.address() as AddressInfo).port));
}

/** The proxy in a process of its own, like haproxy; reports the ports of its `http` and its `tcp` frontend. */
async function serveProxy(backendPorts: readonly number[]): Promise<void> {
  const needs = { clock: new SystemClock(), random: new SystemRandom(), logger: silentLogger };
  const proxy = new ProxyLoadBalancer(needs);
  const backends = backendPorts.map((port) => ({
    id: `b${port}`,
    address: ADDRESS,
    port,
    state: 'ready' as const,
  }));
  const frontend = (appProtocol: 'http' | undefined): Frontend => ({
    id: `web/80/${appProtocol ?? 'tcp'}`,
    service: 'web',
    protocol: 'tcp',
    address: ADDRESS,
    port: 0,
    policy: 'round-robin' satisfies BalancePolicy,
    appProtocol,
    backends,
  });
  const statuses = await proxy.apply([frontend('http'), frontend(undefined)]);
  process.send?.(statuses.map(({ port }) => port));
}

/** Sends requests on raw sockets, which cost less than any HTTP client: one request at a time on each connection. */
async function generateLoad({ ports, mode }: Job): Promise<Figures> {
  const keep = mode === 'kept' ? 'keep-alive' : 'close';
  const request = Buffer.from(`GET / HTTP/1.1\r\nHost: bench\r\nConnection: ${keep}\r\n\r\n`);
  const took: number[] = [];
  let failed = 0;
  const start = performance.now() + WARM_UP_MS;
  const end = start + MEASURE_MS;

  const ask = (port: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: ADDRESS, noDelay: true });
      let asked = performance.now();
      let answered = false;
      const count = (): void => {
        const now = performance.now();
        if (now >= start && now < end) took.push(now - asked);
        asked = now;
      };
      socket.on('connect', () => socket.write(request));
      socket.on('data', () => {
        answered = true;
        if (mode === 'new') return;
        count();
        if (asked < end) socket.write(request);
        else socket.destroy();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (!answered || (mode === 'kept' && asked < end)) failed++;
        else if (mode === 'new') count();
        resolve();
      });
    });

  const runs = Array.from({ length: CONNECTIONS }, async (_, index) => {
    for (let turn = index; performance.now() < end; turn++) await ask(ports[turn % ports.length] as number);
  });
  await Promise.all(runs);
  took.sort((a, b) => a - b);
  const quantile = (part: number): number => round(took[Math.floor(took.length * part)] ?? 0);
  return {
    requestsPerSecond: Math.round((took.length / MEASURE_MS) * 1000),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    failed,
  };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** Starts this file again in another role, and returns its first message. */
async function start<T>(children: ChildProcess[], role: string, input: unknown): Promise<T> {
  const child = fork(fileURLToPath(import.meta.url), [role, JSON.stringify(input)], { stdio: 'inherit' });
  children.push(child);
  return await new Promise<T>((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`the ${role} ended with ${code}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, ADDRESS, () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listens(port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const socket = connect({ port, host: ADDRESS });
    const up = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.destroy();
    if (up) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** haproxy's port, or `undefined` if it is not installed. */
async function startHaproxy(
  children: ChildProcess[],
  folder: string,
  ports: readonly number[],
): Promise<number | undefined> {
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  const servers = ports.map((one, index) => `  server b${index} ${ADDRESS}:${one}`).join('\n');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode tcp
  timeout connect 2s
  timeout client 60s
  timeout server 60s
listen web
  bind ${ADDRESS}:${port}
  balance roundrobin
${servers}
`,
  );
  const child = spawn('haproxy', ['-f', file, '-db', '-q'], { stdio: 'ignore' });
  const missing = new Promise<undefined>((resolve) => child.once('error', () => resolve(undefined)));
  const up = listens(port).then((answer) => (answer ? port : undefined));
  const found = await Promise.race([missing, up]);
  if (found !== undefined) children.push(child);
  return found;
}

async function measure(): Promise<void> {
  const children: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-proxy-'));
  try {
    const ports = await Promise.all(
      Array.from({ length: BACKENDS }, () => start<number>(children, 'backend', null)),
    );
    const [http = 0, tcp = 0] = await start<readonly number[]>(children, 'proxy', ports);
    const haproxy = await startHaproxy(children, folder, ports);
    if (haproxy === undefined) console.log('haproxy is not installed, so it is not measured');
    const targets: Record<string, readonly number[]> = {
      direct: ports,
      gantry: [http],
      gantryTcp: [tcp],
      ...(haproxy !== undefined && { haproxy: [haproxy] }),
    };
    const best: Record<Mode, Record<string, Figures>> = { kept: {}, new: {} };
    for (let turn = 0; turn < ROUNDS; turn++) {
      for (const mode of MODES) {
        for (const [name, targetPorts] of Object.entries(targets)) {
          const load: ChildProcess[] = [];
          const figures = await start<Figures>(load, 'load', { ports: targetPorts, mode } satisfies Job);
          const known = best[mode][name];
          if (known === undefined || figures.requestsPerSecond > known.requestsPerSecond) {
            best[mode][name] = { ...figures, failed: figures.failed + (known?.failed ?? 0) };
          }
          const { requestsPerSecond, p99Ms } = figures;
          console.log(`${mode.padEnd(5)}${name.padEnd(10)} ${requestsPerSecond} requests/s, p99 ${p99Ms} ms`);
        }
      }
    }
    console.log(JSON.stringify(summary(best, haproxy !== undefined)));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function summary(best: Record<Mode, Record<string, Figures>>, haproxy: boolean): object {
  const ratio = (mode: Mode, to: string): number | undefined => {
    const [ours, theirs] = [best[mode].gantry, best[mode][to]];
    return ours && theirs && round(ours.requestsPerSecond / theirs.requestsPerSecond);
  };
  return {
    bench: 'proxy',
    backends: BACKENDS,
    connections: CONNECTIONS,
    kept: best.kept,
    new: best.new,
    keptToDirect: ratio('kept', 'direct'),
    newToDirect: ratio('new', 'direct'),
    haproxy: haproxy
      ? { keptRatio: ratio('kept', 'haproxy'), newRatio: ratio('new', 'haproxy') }
      : 'not installed',
  };
}

const [role = 'measure', input = 'null'] = process.argv.slice(2);
if (role === 'measure') {
  await measure();
} else {
  process.on('disconnect', () => process.exit());
  if (role === 'backend') serveBackend();
  else if (role === 'proxy') await serveProxy(JSON.parse(input));
  else if (role === 'load') {
    const figures = await generateLoad(JSON.parse(input));
    process.send?.(figures, () => process.exit());
  } else throw new Error(`unknown role "${role}"`);
}
