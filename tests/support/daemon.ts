import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onPath } from './service-probes.ts';

const START_MS = 60_000;
const LOOK_MS = 25;
/** Length of the newest output that is kept, to be shown when something goes wrong. */
const OUTPUT_LENGTH = 8000;

export interface DaemonOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Whether it can be used. Asked again and again while it starts. */
  readonly ready: () => Promise<boolean>;
}

/**
 * A server that a test starts on free ports and in a folder of its own. It can be killed, halted, and started again over
 * the same data; at the end it is gone.
 */
export class Daemon {
  readonly #options: DaemonOptions;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  get pid(): number {
    const { pid } = this.#running();
    if (pid === undefined) throw new Error(`${this.#options.program} has no process`);
    return pid;
  }

  /** What it has written last, on either stream. */
  get output(): string {
    return this.#output;
  }

  /** Starts it, and resolves once it can be used. */
  async start(): Promise<this> {
    this.launch();
    await this.ready();
    return this;
  }

  /** Starts it without waiting, as the members of a group must be that wait for each other. */
  launch(): void {
    const { program, args } = this.#options;
    const file = onPath(program);
    if (file === undefined) throw new Error(`${program} is not on PATH`);
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (text: Buffer): void => {
      this.#output = (this.#output + text.toString()).slice(-OUTPUT_LENGTH);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#child = child;
  }

  /** Resolves once it can be used. */
  async ready(): Promise<void> {
    const { program, ready } = this.#options;
    const deadline = performance.now() + START_MS;
    while (!(await ready().catch(() => false))) {
      const { exitCode, signalCode } = this.#running();
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`${program} ended with ${exitCode ?? signalCode}:\n${this.#output}`);
      }
      if (performance.now() > deadline) throw new Error(`${program} is not ready:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Halts it (`SIGSTOP`) or lets it go on (`SIGCONT`). */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.pid, signal);
  }

  /** Ends it, by default as a crash would, and resolves once it is gone. */
  async stop(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Crashes it and starts it again over the same data. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  #running(): ChildProcess {
    if (this.#child === undefined) throw new Error(`${this.#options.program} does not run`);
    return this.#child;
  }
}
