import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, GantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { SystemClock, SystemRandom } from '@gantry/system';
import { connectTo } from '../../src/io/connect.ts';
import type { Io, Output, TokenApi } from '../../src/io/io.ts';
import { run } from '../../src/main.ts';

/** What a command line left behind. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface TerminalOptions {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly api?: ClusterApi;
  readonly tokens?: TokenApi;
  /** In place of a folder of its own. */
  readonly home?: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Uses the named server instead of `api`. */
  readonly real?: boolean;
}

export interface RunOptions {
  readonly stdin?: string;
  /** Whether standard input is a terminal. Default: no. */
  readonly stdinIsTTY?: boolean;
  readonly signal?: AbortSignal;
  /** Sees standard output as it grows. */
  readonly onOut?: (text: string) => void;
  readonly env?: Readonly<Record<string, string>>;
}

/** A user's home, and a terminal in which command lines are run in this process. */
export class Terminal implements AsyncDisposable {
  readonly home: string;
  readonly #options: TerminalOptions;

  private constructor(home: string, options: TerminalOptions) {
    this.home = home;
    this.#options = options;
  }

  static async open(options: TerminalOptions = {}): Promise<Terminal> {
    return new Terminal(options.home ?? (await mkdtemp(join(tmpdir(), 'gantry-cli-'))), options);
  }

  async run(line: string | readonly string[], options: RunOptions = {}): Promise<Ran> {
    const { isTTY = false, columns = 100, api, tokens, env = {}, clock } = this.#options;
    const text = { out: '', err: '' };
    const output = (name: 'out' | 'err'): Output => ({
      write: (part) => {
        text[name] += part;
        if (name === 'out') options.onOut?.(text.out);
      },
      isTTY,
      columns,
      rows: 24,
    });
    const io: Io = {
      stdout: output('out'),
      stderr: output('err'),
      stdin: {
        isTTY: options.stdinIsTTY === true,
        read: async function* () {
          yield Buffer.from(options.stdin ?? '');
        },
        setRawMode: () => undefined,
      },
      env: {
        HOME: this.home,
        PATH: process.env.PATH ?? '',
        ...(api === undefined ? {} : { GANTRY_SERVER: 'http://test' }),
        ...env,
        ...options.env,
      },
      cwd: this.home,
      system: async () => ({ clock: clock ?? new SystemClock(), random: new SystemRandom() }),
      signal: options.signal ?? new AbortController().signal,
      onResize: () => () => undefined,
      connect: async (target) =>
        this.#options.real === true
          ? connectTo(target)
          : {
              api: api ?? unreachable(),
              tokens: tokens ?? unreachable(),
              schemas: () => unreachable<{ schemas(): Promise<never> }>().schemas(),
              state: () => unreachable<{ state(): Promise<never> }>().state(),
              [Symbol.asyncDispose]: async () => undefined,
            },
      self: [process.execPath],
    };
    const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
    const code = await run(argv, io);
    return { code, ...text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Every call fails as if the server did not exist. */
function unreachable<T extends object>(): T {
  return new Proxy({} as T, {
    get: (_, name) =>
      name === 'then' // or it would be taken for a promise
        ? undefined
        : async () => {
            throw new GantryError('UNAVAILABLE', 'http://test: connection refused');
          },
  });
}
