import { connect, type Socket } from 'node:net';
import type { Clock } from '@gantry/core';
import type { AnswerFailure, ProxyBackend } from './backend.ts';
import { HttpExchange, startsRequest } from './http-exchange.ts';
import type { Settings } from './options.ts';

/** What a session needs of the frontend that accepted it. */
export interface SessionOwner {
  readonly clock: Clock;
  readonly settings: Settings;
  /** Chooses a backend that was not tried yet; `undefined` if there is none. */
  choose(tried: ReadonlySet<ProxyBackend>): ProxyBackend | undefined;
  /** The session has no backend: call {@link Session.wake} when there may be one. */
  wait(session: Session): void;
  /** The session has no backend and needs none for now; it is closed if that lasts too long. */
  rest(session: Session): void;
  /** The session has work again: the opposite of {@link SessionOwner.rest}. */
  busy(session: Session): void;
  ended(session: Session): void;
  /** Whether a backend has ever answered; otherwise the protocol may be one without answers. */
  readonly answers: boolean;
}

/** A client that leaves earlier than this without an answer says nothing about the backend. */
const PATIENT_MS = 1000;
/** Errors of this machine, which say nothing about a backend. */
const OWN_ERRORS: readonly unknown[] = ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'];

const RETRY_MS = 50;
/** Detects peers that vanished without closing the connection. */
export const KEEP_ALIVE = Object.freeze({ keepAlive: true, keepAliveInitialDelay: 30_000 });
const NONE: ReadonlySet<ProxyBackend> = new Set();

/**
 * One client's connection and, most of the time, one to a backend, with bytes flowing between them. An HTTP client's
 * connection outlives its backend: between two requests it can continue with another one.
 */
export class Session {
  readonly #owner: SessionOwner;
  readonly #client: Socket;
  readonly #http: HttpExchange | undefined;
  #backend: ProxyBackend | undefined;
  #upstream: Socket | undefined;
  #connected = false;
  #cancelTimer: (() => void) | undefined;
  /** When it gives up looking for a backend. */
  #deadline = 0;
  #tried: Set<ProxyBackend> | undefined;
  /** Data for the backend that is being dialled. */
  #unsent: Buffer[] = [];
  #resent = false;
  #over = false;
  readonly #openedAt: number;
  #activeAt: number;
  /** Since when the data sent to this backend has been unanswered. */
  #askedAt: number | undefined;
  /** Whether this backend has sent a byte on this connection. */
  #answered = false;
  #sentBytes = 0;
  #blamed = false;

  constructor(owner: SessionOwner, client: Socket, http: boolean) {
    this.#owner = owner;
    this.#client = client;
    this.#openedAt = owner.clock.elapsed();
    this.#activeAt = this.#openedAt;
    this.#http = http ? new HttpExchange(owner.settings.resendBytes) : undefined;
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk));
    client.on('drain', () => this.#upstream?.resume());
    client.on('end', () => this.#clientEnded());
    client.on('error', () => this.#upstream?.resetAndDestroy());
    client.on('close', () => this.end());
    this.#findBackend();
  }

  /** Tries again to get a backend, including those that refused before. */
  wake(): void {
    this.#tried = undefined;
    this.#dial();
  }

  /** Called when the backend takes no new work: leaves it if the connection is idle. */
  drain(): void {
    if (this.#restful()) this.#leaveBackend();
  }

  /** Called when the backend is gone: cuts its connection, and the client's unless it can continue elsewhere. */
  cut(): void {
    if (this.#connected) {
      this.#backendGone(true);
    } else {
      this.#release();
      this.#dial();
    }
  }

  /** Ends both sides at once. Idempotent. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#judgeAbandoned();
    this.#release();
    this.#client.destroy();
    this.#unsent = [];
    this.#owner.ended(this);
  }

  /** Closes a connection that has timed out; returns when to check again, on the clock's `elapsed`. */
  checkTimeouts(now: number): number {
    const { idleTimeoutMs, headersTimeoutMs, answerTimeoutMs } = this.#owner.settings;
    let next = this.#activeAt + idleTimeoutMs;
    const headSince = this.#http?.headSince(this.#openedAt);
    if (headSince !== undefined) next = Math.min(next, headSince + headersTimeoutMs);
    if (next <= now) {
      this.end();
      return Number.POSITIVE_INFINITY;
    }
    if (this.#askedAt === undefined || this.#blamed) return next;
    if (this.#askedAt + answerTimeoutMs > now) return Math.min(next, this.#askedAt + answerTimeoutMs);
    this.#blame('no answer');
    return next;
  }

  /** Handles a client that has left without the answer it had waited for. */
  #judgeAbandoned(): void {
    if (this.#askedAt === undefined || this.#blamed) return;
    if (this.#owner.clock.elapsed() - this.#askedAt >= PATIENT_MS) this.#blame('no answer');
  }

  /** Counts this connection as a failure of its backend, once. */
  #blame(how: AnswerFailure): void {
    if (this.#blamed || this.#backend === undefined) return;
    this.#blamed = true;
    const isHttp = this.#http !== undefined;
    if (how !== 'reset' && !(isHttp && how === 'closed') && !this.#owner.answers) return;
    this.#backend.failedToAnswer(how);
  }

  #findBackend(lost?: ProxyBackend): void {
    const { clock, settings } = this.#owner;
    this.#client.pause();
    this.#tried = lost && new Set([lost]);
    this.#deadline = clock.elapsed() + settings.holdMs;
    this.#dial();
  }

  #dial(): void {
    if (this.#over || this.#backend !== undefined) return;
    const backend = this.#owner.choose(this.#tried ?? NONE);
    if (backend === undefined) {
      this.#waitForBackend();
      return;
    }
    this.#cancelTimer?.();
    this.#backend = backend;
    backend.join(this);
    const { address: host, port } = backend;
    const upstream = connect({ host, port, noDelay: true, allowHalfOpen: true, ...KEEP_ALIVE });
    this.#upstream = upstream;
    upstream.on('connect', () => this.#dialled(upstream, backend));
    upstream.on('data', (chunk: Buffer) => this.#fromBackend(chunk, backend));
    upstream.on('drain', () => this.#client.resume());
    upstream.on('end', () => this.#backendGone(false));
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#connected) this.#backendGone(true);
      else this.#dialFailed(backend, OWN_ERRORS.includes(error.code));
    });
    upstream.on('close', () => this.#release());
    const { clock, settings } = this.#owner;
    this.#cancelTimer = clock.after(settings.connectTimeoutMs, () => this.#dialFailed(backend));
  }

  #waitForBackend(): void {
    const { clock } = this.#owner;
    this.#cancelTimer?.();
    const left = this.#deadline - clock.elapsed();
    if (left <= 0) {
      this.end();
      return;
    }
    this.#owner.wait(this);
    // Backends that refused may accept a little later, for example while a task restarts.
    this.#cancelTimer = clock.after(Math.min(left, RETRY_MS), () => this.wake());
  }

  #dialled(upstream: Socket, backend: ProxyBackend): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#connected = true;
    this.#answered = false;
    this.#blamed = false;
    this.#sentBytes = 0;
    backend.connected();
    for (const chunk of this.#unsent) this.#send(chunk, backend, upstream);
    this.#unsent = [];
    this.#tried = undefined;
    if (this.#client.readableEnded) upstream.end();
    if (!upstream.writableNeedDrain) this.#client.resume();
    if (backend.state === 'draining') this.drain();
  }

  #send(chunk: Buffer, backend: ProxyBackend, upstream: Socket): boolean {
    this.#activeAt = this.#owner.clock.elapsed();
    this.#askedAt ??= this.#activeAt;
    this.#sentBytes += chunk.length;
    backend.bytesIn += chunk.length;
    return upstream.write(chunk);
  }

  #dialFailed(backend: ProxyBackend, own = false): void {
    if (!own) backend.failed();
    this.#tried ??= new Set();
    this.#tried.add(backend);
    this.#release();
    this.#dial();
  }

  #fromClient(chunk: Buffer): void {
    const http = this.#http;
    if (this.#connected) {
      http?.request(chunk, this.#owner.clock.elapsed());
      const [backend, upstream] = [this.#backend, this.#upstream];
      if (backend === undefined || upstream === undefined) return;
      if (!this.#send(chunk, backend, upstream)) this.#client.pause();
      return;
    }
    if (this.#client.writableEnded) return; // the answer is complete: further data has no receiver
    const begins = this.#backend === undefined && this.#unsent.length === 0;
    if (begins && !startsRequest(chunk)) {
      this.end();
      return;
    }
    http?.request(chunk, this.#owner.clock.elapsed());
    this.#unsent.push(chunk);
    if (begins) {
      this.#resent = false;
      this.#owner.busy(this);
      this.#findBackend();
    }
  }

  #fromBackend(chunk: Buffer, backend: ProxyBackend): void {
    backend.bytesOut += chunk.length;
    this.#activeAt = this.#owner.clock.elapsed();
    this.#askedAt = undefined;
    this.#answered = true;
    backend.answered();
    this.#http?.response(chunk);
    if (!this.#client.write(chunk)) this.#upstream?.pause();
    if (backend.state === 'draining' && this.#http !== undefined) this.drain();
  }

  #clientEnded(): void {
    if (this.#connected) this.#upstream?.end();
    else if (this.#http?.resting) this.end();
  }

  /** Called when the backend has closed the connection, or the connection broke. */
  #backendGone(broken: boolean): void {
    const http = this.#http;
    const isUnanswered = http === undefined ? !this.#answered : this.#askedAt !== undefined;
    if (isUnanswered && !this.#client.readableEnded && (broken || this.#sentBytes > 0))
      this.#blame(broken ? 'reset' : 'closed');
    if (http === undefined) {
      if (broken && !this.#answered && this.#sentBytes === 0 && this.#backend !== undefined) {
        // Nothing was sent in either direction: another backend can take the connection as it is.
        const lost = this.#backend;
        this.#release();
        this.#findBackend(lost);
        return;
      }
      if (broken) this.#reset();
      else this.#client.end();
      return;
    }
    if (this.#restful()) {
      this.#leaveBackend();
      return;
    }
    const again = this.#resent ? undefined : http.unanswered;
    if (again !== undefined && this.#backend !== undefined) {
      this.#resent = true;
      const lost = this.#backend;
      this.#release();
      this.#unsent = [...again];
      this.#findBackend(lost);
    } else if (broken && !http.resting) {
      this.#reset();
    } else {
      this.#release();
      this.#client.end();
      this.#client.resume();
      this.#owner.rest(this);
    }
  }

  /** Whether it is idle between two requests and may stay. */
  #restful(): boolean {
    return (
      this.#connected && this.#http?.resting === true && !this.#http.final && !this.#client.readableEnded
    );
  }

  #leaveBackend(): void {
    this.#release();
    this.#owner.rest(this);
    this.#client.resume();
  }

  /** Signals to the client that what it received is incomplete. */
  #reset(): void {
    this.#client.resetAndDestroy();
    this.end();
  }

  #release(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const [upstream, backend] = [this.#upstream, this.#backend];
    this.#upstream = undefined;
    this.#backend = undefined;
    this.#connected = false;
    this.#askedAt = undefined;
    if (upstream !== undefined) {
      upstream.removeAllListeners();
      upstream.on('error', () => undefined);
      upstream.destroy();
    }
    backend?.leave(this);
  }
}
