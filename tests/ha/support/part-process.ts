import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PartConfig } from './part-config.ts';

const program = fileURLToPath(new URL('./part.ts', import.meta.url));
const KEPT = 4000;

/** A process of a cluster, which can be killed, halted, and started again. */
export class PartProcess {
  readonly config: PartConfig;
  /** URL of its API, once it is ready. */
  url = '';
  #child: ChildProcess | undefined;
  #ready: Promise<void> = Promise.resolve();
  #errors = '';

  constructor(config: PartConfig) {
    this.config = config;
  }

  get name(): string {
    return this.config.role === 'server' ? this.config.identity : this.config.node;
  }

  get runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** What it has written last to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Starts it; `ready` tells when it is. */
  start(): void {
    const args = ['--conditions=@gantry/source', '--import', 'tsx', program, JSON.stringify(this.config)];
    // Its standard input ends with the test, and it with that.
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    child.stderr?.on('data', (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-KEPT);
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    this.#ready = new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        this.url = (JSON.parse(line) as { url: string }).url;
        resolve();
      });
      child.once('exit', () => reject(new Error(`${this.name} has ended:\n${this.#errors}`)));
    });
    this.#ready.catch(() => undefined); // reported to the caller that waits
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** Ends it, by a crash or a clean shutdown, and resolves once it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.runs) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
