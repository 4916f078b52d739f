import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, GantryError, type Logger, type Random, toGantryError } from '@gantry/core';
import type { Backend, Frontend, FrontendStatus } from '@gantry/core/contracts';
import { ProxyBackend } from './backend.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import type { Settings } from './options.ts';
import { Chooser } from './policy.ts';
import { KEEP_ALIVE, Session, type SessionOwner } from './session.ts';

const BACKLOG = 4096;
/** Precision of timeouts, in ms: coarse, so that many connections need few checks. */
const CHECK_APART_MS = 1000;

export interface ListenerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: Settings;
  /** Called when a backend of this frontend has lost its last connection. */
  readonly onIdle: (backend: string) => void;
  /** Clients' connections of all frontends. */
  readonly budget: ConnectionBudget;
}

/** Status of a frontend with its connection counts. */
export interface CountedFrontend extends FrontendStatus {
  /** Clients' connections that are open now. */
  readonly connections: number;
  /** Clients' connections that were closed at once because there were too many. */
  readonly rejected: number;
}

/** One frontend: the port it listens on, its backends, and its clients' connections. */
export class Listener implements SessionOwner {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly #parts: ListenerParts;
  readonly #chooser: Chooser;
  readonly #backends = new Map<string, ProxyBackend>();
  readonly #sessions = new Set<Session>();
  readonly #waiting = new Set<Session>();
  /** Sessions without a backend and since when, the longest wait first. */
  readonly #resting = new Map<Session, number>();
  #frontend: Frontend;
  #ready: readonly ProxyBackend[] = [];
  #server: Server | undefined;
  #port: number;
  #error: GantryError | undefined;
  #cancelSweep: (() => void) | undefined;
  #cancelTimeouts: (() => void) | undefined;
  #rejected = 0;

  constructor(frontend: Frontend, parts: ListenerParts) {
    this.#frontend = frontend;
    this.#port = frontend.port;
    this.#parts = parts;
    this.clock = parts.clock;
    this.settings = parts.settings;
    this.#chooser = new Chooser(parts.random);
  }

  get backends(): ReadonlyMap<string, ProxyBackend> {
    return this.#backends;
  }

  get status(): FrontendStatus {
    const { id, address } = this.#frontend;
    const status = { id, address, port: this.#port };
    if (this.#error === undefined) return status;
    return { ...status, error: { code: this.#error.code, message: this.#error.message } };
  }

  /** Status of the frontend with its counters. */
  get counts(): CountedFrontend {
    return { ...this.status, connections: this.#sessions.size, rejected: this.#rejected };
  }

  /** Whether any of its backends has ever answered; otherwise the protocol may be one without answers. */
  get answers(): boolean {
    return [...this.#backends.values()].some(({ bytesOut }) => bytesOut > 0);
  }

  /** Whether this listener can serve the wanted frontend without reopening its port. */
  fits({ address, port, protocol }: Frontend): boolean {
    const now = this.#frontend;
    return now.address === address && now.port === port && now.protocol === protocol;
  }

  /** Applies policy and backends. */
  update(frontend: Frontend): void {
    this.#frontend = frontend;
    const wanted = new Map(frontend.backends.map((backend) => [backend.id, backend]));
    const gone = [...this.#backends.values()].filter((backend) => !isSame(backend, wanted.get(backend.id)));
    for (const backend of gone) this.#backends.delete(backend.id);
    const draining: ProxyBackend[] = [];
    for (const backend of wanted.values()) {
      const known = this.#backends.get(backend.id) ?? this.#addBackend(backend);
      if (known.state !== 'draining' && backend.state === 'draining') draining.push(known);
      known.state = backend.state;
    }
    this.#ready = [...this.#backends.values()].filter(({ state }) => state === 'ready');
    for (const backend of gone) {
      backend.close();
      for (const session of [...backend.sessions]) session.cut();
    }
    for (const backend of draining) for (const session of [...backend.sessions]) session.drain();
    this.#wake();
  }

  /** Starts to listen, unless it already does; a failure is reported in the status. */
  async listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const { address: host, port, protocol } = this.#frontend;
    if (protocol !== 'tcp') {
      this.#error = new GantryError('UNSUPPORTED', `lb-proxy: cannot forward ${protocol}`);
      return;
    }
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true, ...KEEP_ALIVE });
    server.on('connection', (client) => this.#accept(client));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, backlog: BACKLOG, exclusive: true }, resolve);
      });
      server.removeAllListeners('error');
      server.on('error', (error) => this.#parts.logger.error('lb-proxy: cannot accept', { error }));
      this.#server = server;
      this.#port = (server.address() as { port: number }).port;
      this.#error = undefined;
    } catch (error) {
      this.#error = listenError(error, host, port);
    }
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    this.#cancelSweep?.();
    this.#cancelTimeouts?.();
    for (const backend of this.#backends.values()) backend.close();
    for (const session of [...this.#sessions]) session.end();
    await closed;
  }

  choose(tried: ReadonlySet<ProxyBackend>): ProxyBackend | undefined {
    let candidates = this.#ready;
    if (candidates.some((backend) => backend.ejected || tried.has(backend))) {
      const untried = candidates.filter((backend) => !tried.has(backend));
      const healthy = untried.filter((backend) => !backend.ejected);
      candidates = healthy.length > 0 ? healthy : untried;
    }
    return this.#chooser.choose(this.#frontend.policy, candidates);
  }

  wait(session: Session): void {
    this.#waiting.add(session);
  }

  rest(session: Session): void {
    this.#resting.set(session, this.clock.elapsed());
    this.#cancelSweep ??= this.clock.after(this.settings.idleHttpMs, () => this.#sweep());
  }

  busy(session: Session): void {
    this.#resting.delete(session);
  }

  ended(session: Session): void {
    if (this.#sessions.delete(session)) this.#parts.budget.leave();
    if (this.#sessions.size === 0) {
      this.#cancelTimeouts?.();
      this.#cancelTimeouts = undefined;
    }
    this.#waiting.delete(session);
    this.#resting.delete(session);
  }

  #accept(client: Socket): void {
    const { budget } = this.#parts;
    if (this.#sessions.size >= budget.perFrontend || !budget.enter()) {
      if (this.#rejected++ === 0)
        this.#parts.logger.warn('too many connections: further ones are closed', {
          frontend: this.#frontend.id,
          connections: this.#sessions.size,
        });
      client.resetAndDestroy();
      return;
    }
    this.#sessions.add(new Session(this, client, this.#frontend.appProtocol === 'http'));
    this.#cancelTimeouts ??= this.clock.after(this.#shortestMs, () => this.#checkTimeouts());
  }

  get #shortestMs(): number {
    const { idleTimeoutMs, headersTimeoutMs, answerTimeoutMs } = this.settings;
    return Math.min(idleTimeoutMs, headersTimeoutMs, answerTimeoutMs);
  }

  /** Checks all connections, and schedules the next check for when one may have timed out. */
  #checkTimeouts(): void {
    const now = this.clock.elapsed();
    let next = now + this.settings.idleTimeoutMs;
    for (const session of [...this.#sessions]) next = Math.min(next, session.checkTimeouts(now));
    this.#cancelTimeouts =
      this.#sessions.size === 0
        ? undefined
        : this.clock.after(Math.max(CHECK_APART_MS, next - now), () => this.#checkTimeouts());
  }

  /** An ejection must leave one backend, and most of them unless the options say otherwise. */
  #mayEject(backend: ProxyBackend): boolean {
    const { length } = this.#ready;
    const ejected = this.#ready.filter((each) => each.ejected && each !== backend).length;
    const share = Math.max(1, Math.floor(length * this.settings.eject.maxShare));
    return ejected + 1 < length && ejected < share;
  }

  #addBackend(backend: Backend): ProxyBackend {
    const { clock, settings, onIdle } = this.#parts;
    const added = new ProxyBackend(
      this.#frontend.id,
      { ...backend, state: 'ready' },
      {
        clock,
        settings,
        onIdle,
        onReady: () => this.#wake(),
        mayEject: (each) => this.#mayEject(each),
        logger: this.#parts.logger,
      },
    );
    this.#backends.set(backend.id, added);
    return added;
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const session of waiting) session.wake();
  }

  #sweep(): void {
    const now = this.clock.elapsed();
    this.#cancelSweep = undefined;
    for (const [session, since] of this.#resting) {
      const left = since + this.settings.idleHttpMs - now;
      if (left <= 0) session.end();
      else {
        this.#cancelSweep = this.clock.after(left, () => this.#sweep());
        return;
      }
    }
  }
}

function isSame(backend: ProxyBackend, wanted: Backend | undefined): boolean {
  return wanted !== undefined && wanted.address === backend.address && wanted.port === backend.port;
}

function listenError(error: unknown, host: string, port: number): GantryError {
  const { code } = error as { code?: string };
  const text = `lb-proxy: cannot listen on ${host}:${port}`;
  if (code === 'EADDRINUSE')
    return new GantryError('CONFLICT', `${text}: the port is taken`, { cause: error });
  const reason = toGantryError(error).message;
  return new GantryError('UNAVAILABLE', `${text}: ${reason}`, { cause: error });
}
