import type { Duplex, Readable } from 'node:stream';
import Docker from 'dockerode';
import { QuietAgent } from './quiet-agent.ts';

export interface EngineOptions {
  readonly socketPath?: string | undefined;
  /** Timeout of calls that answer soon. */
  readonly timeoutMs: number;
}

const MAX_CALLS = 16;
const STATUSES = { 101: true, 200: true, 201: true, 204: true };

/**
 * The Docker engine, over two sets of connections: calls share a few that are kept, streams have one each, so that
 * neither waits for the other and no idle time limit cuts a quiet stream.
 */
export class Engine {
  readonly calls: Docker;
  readonly streams: Docker;
  readonly #agents = [
    new QuietAgent({ keepAlive: true, maxSockets: MAX_CALLS, keepAliveMsecs: 30_000 }),
    new QuietAgent({ keepAlive: false }),
  ] as const;

  constructor({ socketPath, timeoutMs }: EngineOptions) {
    const where = socketPath === undefined ? {} : { socketPath };
    const [calls, streams] = this.#agents;
    this.calls = new Docker({
      ...where,
      agent: calls,
      timeout: timeoutMs,
    } as unknown as Docker.DockerOptions);
    this.streams = new Docker({ ...where, agent: streams, timeout: 0 } as unknown as Docker.DockerOptions);
  }

  /** Returns the response as a stream, whether or not it ever ends. */
  async open(
    path: string,
    query: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<Readable> {
    return await new Promise((resolve, reject) => {
      const options = {
        path: `${path}?`,
        method: 'GET',
        isStream: true,
        statusCodes: STATUSES,
        options: query,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      };
      this.streams.modem.dial(options, (error: unknown, answer: unknown) => {
        if (error) reject(error);
        else resolve(answer as Readable);
      });
    });
  }

  /** Makes a call without a timeout. */
  async post(path: string, query: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return await new Promise((resolve, reject) => {
      const options = {
        path: `${path}?`,
        method: 'POST',
        statusCodes: STATUSES,
        options: { _query: query, _body: {} },
      };
      this.streams.modem.dial(options, (error: unknown, answer: unknown) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}

export function closeQuietly(stream: Readable | Duplex): void {
  stream.on('error', () => {});
  stream.destroy();
}
