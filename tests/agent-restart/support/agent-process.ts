import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RuntimeName } from './workload.ts';

/** What an agent is to be; JSON, the only argument of its process. */
export interface AgentConfig {
  readonly cluster: string;
  readonly node: string;
  readonly nats: string;
  readonly runtime: RuntimeName;
  /** Where runtime-process keeps its state. */
  readonly dir: string;
  /** Where published ports listen. */
  readonly address: string;
}

const program = fileURLToPath(new URL('./agent.ts', import.meta.url));
const KEPT = 4000;

/** An agent in a process of its own, which can be ended and started again. */
export class AgentProcess {
  readonly config: AgentConfig;
  #child: ChildProcess | undefined;
  #ready: Promise<void> = Promise.resolve();
  #errors = '';

  constructor(config: AgentConfig) {
    this.config = config;
  }

  /** What its lives have written last to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Starts it; `ready` tells when it has registered and has its assignments. */
  start(): void {
    const args = ['--conditions=@gantry/source', '--import', 'tsx', program, JSON.stringify(this.config)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stderr.on('data', (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-KEPT);
    });
    this.#ready = new Promise((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', () => reject(new Error(`${this.config.node} has ended:\n${this.#errors}`)));
    });
    this.#ready.catch(() => undefined); // reported to the caller that waits
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  /** Ends it, by a crash or a clean shutdown, and resolves with its exit code once it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    return child.exitCode;
  }
}
