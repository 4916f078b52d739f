import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type RemoteCluster } from '@gantry/client/node';
import { isGantryError } from '@gantry/core';

const bin = fileURLToPath(new URL('../../../packages/cli/bin/gantry.js', import.meta.url));
const probe = fileURLToPath(new URL('./probe.mjs', import.meta.url));
const TOKEN = `gantry_${'survives-a-bad-day'.padEnd(43, 'x')}`;
const START_MS = 60_000;
/** Ends a wait for an answer, or for an end. */
const ANSWER_MS = 30_000;

export interface UpOptions {
  readonly name: string;
  /** Home of the user who runs it: contexts, state and the records of tasks are kept there, and its data. */
  readonly home: string;
  /** Where its probe listens, on a disk that is never full. */
  readonly scratch: string;
  readonly port: number;
  /** Executes what follows, such as `prlimit --nofile=…`. */
  readonly prefix?: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly logLevel?: string;
  readonly args?: readonly string[];
}

/** What a program holds. */
export interface Held {
  readonly files: number;
  readonly resources: number;
  readonly rss: number;
}

/** `gantry up` as a process, which can be killed and started again over the same data. */
export class UpProgram implements AsyncDisposable {
  readonly client: RemoteCluster;
  readonly #options: UpOptions;
  readonly #clients: RemoteCluster[] = [];
  #child: ChildProcess | undefined;

  constructor(options: UpOptions) {
    this.#options = options;
    this.client = this.connect();
    mkdirSync(options.scratch, { recursive: true });
  }

  /** A client with connections of its own, closed with the program. */
  connect(): RemoteCluster {
    const client = connect({
      url: `http://127.0.0.1:${this.#options.port}`,
      token: TOKEN,
      timeoutMs: 20_000,
    });
    this.#clients.push(client);
    return client;
  }

  get child(): ChildProcess {
    return this.#child as ChildProcess;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get runs(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get token(): string {
    return TOKEN;
  }

  /** Folder in which the process runtime keeps its records. */
  get records(): string {
    return join(this.#options.home, '.local/state/gantry', this.#options.name, 'runtime');
  }

  /** Starts it and waits until its API answers. */
  async start(stdio: StdioOptions = ['ignore', 'ignore', 'inherit']): Promise<void> {
    const { name, home, port, prefix = [], nodeOptions = [], logLevel = 'error', args = [] } = this.#options;
    const own = ['up', '--runtime', 'process', '--name', name, '--port', String(port)];
    const more = ['--data', join(home, 'data'), '--log-level', logLevel, ...args];
    const [file, ...rest] = [
      ...prefix,
      process.execPath,
      '--import',
      probe,
      ...nodeOptions,
      bin,
      ...own,
      ...more,
    ];
    const child = spawn(file as string, rest, {
      cwd: this.#options.scratch,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        GANTRY_FROM_SOURCE: '1',
        GANTRY_ADMIN_TOKEN: TOKEN,
        GANTRY_PROBE: join(this.#options.scratch, 'probe'),
      },
      stdio,
    });
    this.#child = child;
    const deadline = performance.now() + START_MS;
    for (;;) {
      const answer = await this.client.info().catch((error: unknown) => error as Error);
      if (!(answer instanceof Error)) return;
      if (!this.runs) throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}`);
      if (performance.now() > deadline) throw new Error(`${name} did not start: ${answer.message}`);
      if (!isGantryError(answer, 'UNAVAILABLE', 'TIMEOUT')) throw answer;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.#child === undefined || !this.runs) return;
    const gone = once(this.child, 'exit', { signal: AbortSignal.timeout(ANSWER_MS) });
    this.child.kill(signal);
    await gone.catch((cause: unknown) => {
      const text = `${this.#options.name} does not end by ${signal}: ${this.#kernelState()}`;
      this.child.kill('SIGKILL');
      throw new Error(text, { cause });
    });
  }

  /** Where the kernel says that its main thread is. */
  #kernelState(): string {
    const read = (file: string): string => readFileSync(`/proc/${this.pid}/${file}`, 'utf8').trim();
    return `state ${/^State:\s*(.*)$/m.exec(read('status'))?.[1]}, in ${read('wchan')}, system call ${read('syscall')}`;
  }

  /** Open files, and active handles and timers. */
  async held(): Promise<Held> {
    const socket = connectSocket(join(this.#options.scratch, 'probe'));
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer: ${this.#kernelState()}`)));
    let text = '';
    for await (const part of socket) text += String(part);
    const { resources, rss } = JSON.parse(text) as { resources: readonly string[]; rss: number };
    const files = readdirSync(`/proc/${this.pid}/fd`).length;
    return { files, resources: resources.length, rss };
  }

  /** A metric of the server. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#options.port}/metrics`, {
      headers: { authorization: `Bearer ${TOKEN}`, connection: 'close' },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const line = (await response.text()).split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
  }
}
