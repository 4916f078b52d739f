import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const CLIENTS = 4;
const PAUSE_MS = 4;
const ANSWER_MS = 10_000;

interface Answer {
  readonly instance: string;
  readonly version: string;
}

/** Clients that ask all the time, half over kept connections, half over new ones, and count what goes wrong. */
export class Traffic {
  ok = 0;
  readonly failures: string[] = [];
  /** Instances that have answered, and the version of each. */
  readonly instances = new Map<string, string>();
  readonly #port: number;
  readonly #stop = new AbortController();
  readonly #kept = new Agent({ keepAlive: true });
  #clients: Promise<void>[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  start(): void {
    this.#clients = Array.from({ length: CLIENTS }, (_, index) => this.#client(index % 2 === 0));
  }

  /** The first answer at all: asks until there is one. */
  async first(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      try {
        await this.#ask(false);
        return;
      } catch {
        await sleep(PAUSE_MS, undefined, { signal });
      }
    }
  }

  /** Resolves once `count` instances outside `known` have answered. */
  async newcomers(known: ReadonlySet<string>, count: number, signal: AbortSignal): Promise<void> {
    while ([...this.instances.keys()].filter((id) => !known.has(id)).length < count) {
      await sleep(1, undefined, { signal });
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#clients);
    this.#kept.destroy();
  }

  async #client(kept: boolean): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const { instance, version } = await this.#ask(kept);
        this.instances.set(instance, version);
        this.ok++;
      } catch (error) {
        this.failures.push(
          `${kept ? 'kept' : 'new'} connection: ${error instanceof Error ? error.message : error}`,
        );
      }
      await sleep(PAUSE_MS);
    }
  }

  #ask(kept: boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const agent = kept ? this.#kept : false;
      const call = request({ host: '127.0.0.1', port: this.#port, agent, timeout: ANSWER_MS }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          body += part;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
          else resolve(JSON.parse(body) as Answer);
        });
      });
      call.on('timeout', () => call.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
      call.on('error', reject);
      call.end();
    });
  }
}
