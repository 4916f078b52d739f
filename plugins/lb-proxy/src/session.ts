import { connect, type Socket } from 'node:net';
import type { Clock } from '@gantry/core';
import type { ProxyBackend } from './backend.ts';
import { HttpExchange, startsRequest } from './http-exchange.ts';
import type { Settings } from './options.ts';

/** What a session asks of the frontend it came in by. */
export interface SessionOwner {
  readonly clock: Clock;
  readonly settings: Settings;
  /** A backend that was not tried yet; `undefined` when there is none. */
  choose(tried: ReadonlySet<ProxyBackend>): ProxyBackend | undefined;
  /** The session has no backend: call {@link Session.wake} when there may be one. */
  wait(session: Session): void;
  /** The session has no backend and needs none for now; it is ended when that lasts too long. */
  rest(session: Session): void;
  /** The opposite: it has work again. */
  busy(session: Session): void;
  ended(session: Session): void;
}

const RETRY_MS = 50;
/** Finds out about peers that vanished without a word. */
export const KEEP_ALIVE = Object.freeze({ keepAlive: true, keepAliveInitialDelay: 30_000 });
const NONE: ReadonlySet<ProxyBackend> = new Set();

/**
 * One client's connection and, most of the time, one to a backend, with bytes flowing between them. An HTTP client's
 * connection outlives its backend: between two requests it can go on with another one.
 */
export class Session {
  readonly #owner: SessionOwner;
  readonly #client: Socket;
  readonly #http: HttpExchange | undefined;
  #backend: ProxyBackend | undefined;
  #upstream: Socket | undefined;
  #connected = false;
  #cancelTimer: (() => void) | undefined;
  /** When it gives up to find a backend. */
  #deadline = 0;
  #tried: Set<ProxyBackend> | undefined;
  /** For the backend that is being dialled. */
  #unsent: Buffer[] = [];
  #resent = false;
  #over = false;

  constructor(owner: SessionOwner, client: Socket, http: boolean) {
    this.#owner = owner;
    this.#client = client;
    this.#http = http ? new HttpExchange(owner.settings.resendBytes) : undefined;
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk));
    client.on('drain', () => this.#upstream?.resume());
    client.on('end', () => this.#clientEnded());
    client.on('error', () => this.#upstream?.resetAndDestroy());
    client.on('close', () => this.end());
    this.#findBackend();
  }

  /** Tries again to get a backend, also one that refused before. */
  wake(): void {
    this.#tried = undefined;
    this.#dial();
  }

  /** The backend takes no new work: leaves it if the connection is at rest. */
  drain(): void {
    if (this.#restful()) this.#leaveBackend();
  }

  /** The backend is no longer there: its connection is cut, and the client's unless it can go on elsewhere. */
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
    this.#release();
    this.#client.destroy();
    this.#unsent = [];
    this.#owner.ended(this);
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
    upstream.on('error', () => (this.#connected ? this.#backendGone(true) : this.#dialFailed(backend)));
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
    // Those that refused may accept a little later, as while a task starts again.
    this.#cancelTimer = clock.after(Math.min(left, RETRY_MS), () => this.wake());
  }

  #dialled(upstream: Socket, backend: ProxyBackend): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#connected = true;
    backend.connected();
    for (const chunk of this.#unsent) {
      backend.bytesIn += chunk.length;
      upstream.write(chunk);
    }
    this.#unsent = [];
    this.#tried = undefined;
    if (this.#client.readableEnded) upstream.end();
    if (!upstream.writableNeedDrain) this.#client.resume();
    if (backend.state === 'draining') this.drain();
  }

  #dialFailed(backend: ProxyBackend): void {
    backend.failed();
    this.#tried ??= new Set();
    this.#tried.add(backend);
    this.#release();
    this.#dial();
  }

  #fromClient(chunk: Buffer): void {
    const { length } = chunk;
    const http = this.#http;
    if (this.#connected) {
      http?.request(chunk);
      if (this.#backend !== undefined) this.#backend.bytesIn += length;
      if (this.#upstream?.write(chunk) === false) this.#client.pause();
      return;
    }
    if (this.#client.writableEnded) return; // the answer is complete: what still comes is for nobody
    const begins = this.#backend === undefined && this.#unsent.length === 0;
    if (begins && !startsRequest(chunk)) {
      this.end();
      return;
    }
    http?.request(chunk);
    this.#unsent.push(chunk);
    if (begins) {
      this.#resent = false;
      this.#owner.busy(this);
      this.#findBackend();
    }
  }

  #fromBackend(chunk: Buffer, backend: ProxyBackend): void {
    backend.bytesOut += chunk.length;
    this.#http?.response(chunk);
    if (!this.#client.write(chunk)) this.#upstream?.pause();
    if (backend.state === 'draining' && this.#http !== undefined) this.drain();
  }

  #clientEnded(): void {
    if (this.#connected) this.#upstream?.end();
    else if (this.#http?.resting) this.end();
  }

  /** The backend has ended the connection, or it broke. */
  #backendGone(broken: boolean): void {
    const http = this.#http;
    if (http === undefined) {
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

  /** At rest between two requests, and free to stay. */
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

  /** Lets the client know that what it got is not all. */
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
    if (upstream !== undefined) {
      upstream.removeAllListeners();
      upstream.on('error', () => undefined);
      upstream.destroy();
    }
    backend?.leave(this);
  }
}
