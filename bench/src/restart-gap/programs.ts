import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { newSecret } from '@gantry/api';
import { connect } from '@gantry/client';
import { startNats } from '../../../tests/support/nats-server.ts';
import { freePorts } from '../../../tests/support/ports.ts';

const gantry = fileURLToPath(new URL('../../../packages/cli/bin/gantry.js', import.meta.url));
const program = fileURLToPath(new URL('../../../packages/cli/dist/program/bin.js', import.meta.url));
const web = fileURLToPath(new URL('../../../examples/hello/web', import.meta.url));
const TOKEN = newSecret();
const DEADLINE_MS = 60_000;
const TARGET = 8080;

/** A program that serves a port, and can be restarted. */
export interface Served extends AsyncDisposable {
  readonly port: number;
  /** Terminates it and restarts it immediately; returns the time of that, on `performance.now()`. */
  restart(signal: NodeJS.Signals): Promise<number>;
}

/** A child process with a log of its own. */
class Program {
  readonly #args: readonly string[];
  readonly #home: string;
  #child: ChildProcess | undefined;

  constructor(home: string, args: readonly string[]) {
    this.#home = home;
    this.#args = args;
  }

  async start(): Promise<void> {
    const log = await open(join(this.#home, 'log'), 'a');
    // As a user starts it: without the options with which this benchmark runs from source.
    const env = {
      PATH: process.env.PATH,
      HOME: this.#home,
      GANTRY_ADMIN_TOKEN: TOKEN,
    };
    this.#child = spawn(process.execPath, this.#args, {
      cwd: this.#home,
      env,
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    const child = this.#child;
    const kill = (): void => void child.kill('SIGKILL'); // a failed benchmark leaves no process behind
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child as ChildProcess;
    if (this.hasEnded) throw new Error(`${this.#args.join(' ')}\n${await this.log()}`);
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  get hasEnded(): boolean {
    return this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }

  log(): Promise<string> {
    return readFile(join(this.#home, 'log'), 'utf8');
  }
}

/** A plain Node program that listens on the port and answers: a lower bound for any program in Node. */
export async function plain(): Promise<Served> {
  const [port] = (await freePorts(1)) as [number];
  const home = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  const script = `require('node:http').createServer((_, response) => response.end('hello')).listen(${port}, '127.0.0.1')`;
  return served(port, home, new Program(home, ['-e', script]), async () => undefined);
}

/** `gantry up --data DIR --leave-tasks`: without the latter, SIGTERM stops the tasks, which causes the gap. */
export async function up(): Promise<Served> {
  checkBuilt();
  const [port, api] = (await freePorts(2)) as [number, number];
  const home = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  const args = ['up', '--runtime', 'process', '--data', join(home, 'data'), '--port', String(api)];
  const cluster = new Program(home, [gantry, ...args, '--leave-tasks']);
  const url = `http://127.0.0.1:${api}`;
  const deployed = await served(port, home, cluster, () => deploy(url, port, cluster));
  return {
    ...deployed,
    [Symbol.asyncDispose]: async () => {
      await removeService(url, cluster);
      await deployed[Symbol.asyncDispose]();
    },
  };
}

/** The agent of a `gantry server`, which stays up. */
export async function agent(): Promise<Served> {
  checkBuilt();
  const [port, api] = (await freePorts(2)) as [number, number];
  const homes = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'gantry-bench-'))));
  const [home, serverHome] = homes as [string, string];
  const nats = await startNats();
  const store = ['--store', `lmdb:${join(serverHome, 'data')}`];
  const server = new Program(serverHome, [
    gantry,
    'server',
    '--nats',
    nats.url,
    ...store,
    '--port',
    String(api),
  ]);
  await server.start();
  const node = new Program(home, [
    gantry,
    'agent',
    '--nats',
    nats.url,
    '--node',
    'bench',
    '--runtime',
    'process',
  ]);
  const url = `http://127.0.0.1:${api}`;
  const deployed = await served(port, home, node, () => deploy(url, port, server));
  return {
    ...deployed,
    [Symbol.asyncDispose]: async () => {
      await removeService(url, server);
      await deployed[Symbol.asyncDispose]();
      await server.end('SIGTERM');
      await nats[Symbol.asyncDispose]();
      await rm(serverHome, { recursive: true, force: true });
    },
  };
}

async function served(
  port: number,
  home: string,
  child: Program,
  prepare: () => Promise<void>,
): Promise<Served> {
  await child.start();
  await prepare();
  await until(() => fetch(`http://127.0.0.1:${port}/`).then(({ ok }) => ok), child);
  return {
    port,
    restart: async (signal) => {
      await child.end(signal);
      const spawnedAt = performance.now();
      await child.start();
      return spawnedAt;
    },
    [Symbol.asyncDispose]: async () => {
      await child.end('SIGTERM');
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Two replicas of a small web service, behind a published port. */
async function deploy(url: string, port: number, child: Program): Promise<void> {
  await using remote = connect({ url, token: TOKEN });
  await until(async () => (await remote.info()) !== undefined, child);
  await remote.apply({
    kind: 'service',
    meta: { name: 'web' },
    spec: {
      replicas: 2,
      template: {
        command: [process.execPath, 'server.mjs'],
        workingDir: web,
        ports: [{ target: TARGET, published: port, appProtocol: 'http' }],
      },
    },
  });
  await remote.wait('service', 'web', 'Stable', { timeoutMs: DEADLINE_MS });
}

async function removeService(url: string, child: Program): Promise<void> {
  await using remote = connect({ url, token: TOKEN });
  await remote.delete('service', 'web');
  await until(async () => (await remote.list('task')).items.length === 0, child);
}

async function until(isTrue: () => Promise<boolean>, child: Program): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  let problem: unknown;
  const holds = (): Promise<boolean> =>
    isTrue().catch((error: unknown) => {
      problem = error;
      return false;
    });
  while (!(await holds())) {
    if (child.hasEnded || performance.now() > end)
      throw new Error(`not ready in ${DEADLINE_MS / 1000} s\n${await child.log()}`, { cause: problem });
    await sleep(50);
  }
}

function checkBuilt(): void {
  if (!existsSync(program)) throw new Error('the program is not built: `npm run build` first');
}
