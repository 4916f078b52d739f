import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 5;
const TIMEOUT_MS = 10_000;
/** Consecutive answers after which a port counts as served again. */
const STEADY = 100;
const DEADLINE_MS = 60_000;
const REQUEST = 'GET / HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n';

/** One connection with one request; times are of `performance.now()`. */
export interface Attempt {
  readonly beganAt: number;
  /** Absent if the connection was refused. */
  readonly connectedAt?: number;
  readonly endedAt: number;
  readonly isOk: boolean;
}

/** Opens a connection every 5 ms, each with one request, and records its result. */
export class Probe {
  attempts: Attempt[] = [];
  readonly #port: number;
  readonly #open = new Set<Promise<void>>();
  readonly #loop: Promise<void>;
  #inARow = 0;
  #stopped = false;

  constructor(port: number) {
    this.#port = port;
    this.#loop = this.#run();
  }

  /** Resolves when every connection has been answered for half a second. */
  async steady(): Promise<void> {
    const until = performance.now() + DEADLINE_MS;
    this.#inARow = 0;
    while (this.#inARow < STEADY) {
      if (performance.now() > until)
        throw new Error(`port ${this.#port} is not served ${DEADLINE_MS / 1000} s after a restart`);
      await sleep(EVERY_MS);
    }
    await Promise.all(this.#open); // held connections may still fail
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    await Promise.all(this.#open);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const attempt = this.#try().then((result) => {
        this.attempts.push(result);
        this.#inARow = result.isOk ? this.#inARow + 1 : 0;
        this.#open.delete(attempt);
      });
      this.#open.add(attempt);
      await sleep(EVERY_MS);
    }
  }

  #try(): Promise<Attempt> {
    return new Promise((resolve) => {
      const beganAt = performance.now();
      let connectedAt: number | undefined;
      let answer = '';
      const socket = connect({ host: '127.0.0.1', port: this.#port, timeout: TIMEOUT_MS });
      socket.on('connect', () => {
        connectedAt = performance.now();
        socket.write(REQUEST);
      });
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1');
      });
      socket.on('timeout', () => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('close', () =>
        resolve({
          beganAt,
          ...(connectedAt !== undefined && { connectedAt }),
          endedAt: performance.now(),
          isOk: answer.startsWith('HTTP/1.1 200'),
        }),
      );
    });
  }
}

/** The clients' view of one restart; undefined: no connection failed. */
export interface Gap {
  /** Time from the first connection that failed to the first answer after the last one that did. */
  readonly gapMs: number;
  /** Time from the first connection that failed to the first one that was accepted by the next program. */
  readonly refusedMs: number;
  /** Connections that were refused, cut or not answered. */
  readonly failed: number;
  /** Times from the start of the next program to the first connection that it accepted, and to its first answer. */
  readonly listenMs: number;
  readonly answerMs: number;
  /** The longest wait of a client for an answer that arrived. */
  readonly longestMs: number;
}

/** Pure. @param spawnedAt when the next program was started */
export function gapOf(attempts: readonly Attempt[], spawnedAt: number): Gap {
  const inOrder = attempts.toSorted((a, b) => a.beganAt - b.beganAt);
  const failures = inOrder.filter(({ isOk }) => !isOk);
  const first = failures[0]?.beganAt ?? spawnedAt;
  const last = failures.at(-1)?.beganAt ?? spawnedAt;
  const later = inOrder.filter(({ beganAt }) => beganAt >= spawnedAt);
  const earliest = (times: readonly number[]): number => Math.min(...times);
  const accepted = earliest(later.flatMap(({ connectedAt }) => connectedAt ?? []));
  const answered = earliest(later.filter(({ isOk }) => isOk).map(({ endedAt }) => endedAt));
  const good = inOrder.filter(({ isOk }) => isOk);
  const served = earliest(good.filter(({ beganAt }) => beganAt > last).map(({ endedAt }) => endedAt));
  return {
    gapMs: failures.length === 0 ? 0 : served - first,
    refusedMs: failures.length === 0 ? 0 : Math.max(0, accepted - first),
    failed: failures.length,
    listenMs: accepted - spawnedAt,
    answerMs: answered - spawnedAt,
    longestMs: Math.max(...good.map(({ beganAt, endedAt }) => endedAt - beganAt)),
  };
}
