import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url));
const NODE = [process.execPath, '--conditions=@gantry/source', '--import', 'tsx', PROGRAM];
const PATIENCE_MS = 120_000;

/** The test program in a process of its own. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<unknown>;

  /** `wrap` is a command that runs another one. */
  constructor(args: readonly string[], wrap: readonly string[] = []) {
    const [command = '', ...rest] = [...wrap, ...NODE, ...args];
    // LMDB itself writes to the standard error when the disk fails.
    this.process = spawn(command, rest, { stdio: ['pipe', 'pipe', wrap.length > 0 ? 'ignore' : 'inherit'] });
    const input = this.process.stdout as NodeJS.ReadableStream;
    this.#lines = createInterface({ input, signal: AbortSignal.timeout(PATIENCE_MS) })[
      Symbol.asyncIterator
    ]();
    this.#exit = once(this.process, 'exit');
  }

  /** The next thing it says; undefined once it has ended. */
  async said(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : JSON.parse(value);
  }

  /** Kills it and returns the unread part of its output. */
  async kill(): Promise<unknown[]> {
    this.process.kill('SIGKILL');
    const rest: unknown[] = [];
    for (let line = await this.said(); line !== undefined; line = await this.said()) rest.push(line);
    await this.#exit;
    return rest;
  }

  async ended(): Promise<void> {
    await this.#exit;
  }
}
