import { connect, type Socket } from 'node:net';
import type { Clock, Logger } from '@gantry/core';
import type { Backend, BackendStats } from '@gantry/core/contracts';
import type { Settings } from './options.ts';

/** A connection of a client that uses a backend. */
export interface BackendSession {
  /** Leaves the backend now, whatever is in progress. */
  cut(): void;
  /** Leaves the backend if no exchange is in progress. */
  drain(): void;
}

export interface BackendParts {
  readonly clock: Clock;
  readonly settings: Settings;
  /** Called when something that was waiting for a backend may try again. */
  readonly onReady: () => void;
  /** Called when the last connection has closed. */
  readonly onIdle: (backend: string) => void;
  /** Whether enough other backends are left that this one may be ejected for how it answers. */
  readonly mayEject: (backend: ProxyBackend) => boolean;
  readonly logger: Logger;
}

/** Why a connection to a backend that had accepted it has failed. */
export type AnswerFailure = 'reset' | 'closed' | 'no answer';

/**
 * One backend of one frontend: its connections, its counters, and whether it accepts connections and answers them. A
 * backend that does not accept is ejected until it does. One that accepts and then fails several times in a row is
 * ejected for a time that increases with each ejection, as in Envoy's outlier detection.
 */
export class ProxyBackend {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly sessions = new Set<BackendSession>();
  readonly #frontend: string;
  readonly #parts: BackendParts;
  state: Backend['state'];
  bytesIn = 0;
  bytesOut = 0;
  #connections = 0;
  #failures = 0;
  #failuresInARow = 0;
  #ejected = false;
  /** Ejected because it accepts connections and does not answer them; it is not probed by connecting. */
  #outlier = false;
  #unansweredInARow = 0;
  #ejections = 0;
  #ejectionReason: string | undefined;
  /** Number of ejections as an outlier since it last answered well. */
  #streak = 0;
  #admittedAt = 0;
  #cancelProbe: (() => void) | undefined;
  #probe: Socket | undefined;

  constructor(frontend: string, { id, address, port, state }: Backend, parts: BackendParts) {
    this.#frontend = frontend;
    this.id = id;
    this.address = address;
    this.port = port;
    this.state = state;
    this.#parts = parts;
  }

  get active(): number {
    return this.sessions.size;
  }

  get ejected(): boolean {
    return this.#ejected;
  }

  join(session: BackendSession): void {
    this.sessions.add(session);
  }

  leave(session: BackendSession): void {
    if (this.sessions.delete(session) && this.sessions.size === 0) this.#parts.onIdle(this.id);
  }

  connected(): void {
    this.#connections++;
    this.#failuresInARow = 0;
    if (!this.#outlier) this.#admit();
  }

  failed(): void {
    this.#failures++;
    this.#failuresInARow++;
    const { failures } = this.#parts.settings.eject;
    if (this.#ejected || this.#failuresInARow < failures) return;
    this.#eject(`${failures} failed connects in a row`, undefined);
    this.#probeLater();
  }

  /** Called when a byte of an answer has arrived. */
  answered(): void {
    this.#unansweredInARow = 0;
  }

  /** Called when an accepted connection has failed before a byte of an answer arrived. */
  failedToAnswer(how: AnswerFailure): void {
    this.#failures++;
    this.#unansweredInARow++;
    const { answers, baseMs, maxMs } = this.#parts.settings.eject;
    if (this.#ejected || this.#unansweredInARow < answers || !this.#parts.mayEject(this)) return;
    const { clock } = this.#parts;
    if (clock.elapsed() - this.#admittedAt > maxMs) this.#streak = 0;
    const ms = Math.min(maxMs, baseMs * 2 ** this.#streak++);
    this.#outlier = true;
    this.#eject(`${answers} unanswered connections in a row, the last one: ${how}`, ms);
    this.#cancelProbe = clock.after(ms, () => this.#admit());
  }

  stats(): BackendStats {
    return {
      frontend: this.#frontend,
      backend: this.id,
      state: this.#ejected && this.state === 'ready' ? 'ejected' : this.state,
      active: this.active,
      connections: this.#connections,
      failures: this.#failures,
      ejections: this.#ejections,
      ...(this.#ejectionReason !== undefined && { ejectionReason: this.#ejectionReason }),
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
    };
  }

  /** Stops probing. The frontend must close the sessions. */
  close(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    this.#probe?.destroy();
    this.#probe = undefined;
  }

  #admit(): void {
    if (!this.#ejected) return;
    // One more failure is enough to eject it again: it has yet to show that it answers.
    this.#unansweredInARow = this.#outlier ? this.#parts.settings.eject.answers - 1 : 0;
    this.#ejected = false;
    this.#outlier = false;
    this.#failuresInARow = 0;
    this.#admittedAt = this.#parts.clock.elapsed();
    this.close();
    this.#parts.logger.info('a backend is used again', { frontend: this.#frontend, backend: this.id });
    this.#parts.onReady();
  }

  #eject(reason: string, ms: number | undefined): void {
    this.#ejected = true;
    this.#ejections++;
    this.#ejectionReason = reason;
    this.#parts.logger.warn('a backend was ejected', {
      frontend: this.#frontend,
      backend: this.id,
      reason,
      ...(ms !== undefined && { ms }),
    });
  }

  #probeLater(): void {
    this.close();
    this.#cancelProbe = this.#parts.clock.after(this.#parts.settings.eject.probeMs, () => this.#try());
  }

  #try(): void {
    const probe = connect({ host: this.address, port: this.port });
    this.#probe = probe;
    this.#cancelProbe = this.#parts.clock.after(this.#parts.settings.connectTimeoutMs, () =>
      this.#probeLater(),
    );
    probe.on('connect', () => this.#admit());
    probe.on('error', () => {
      if (this.#probe === probe) this.#probeLater();
    });
  }
}
