import { connect, type Socket } from 'node:net';
import type { Backend, BackendStats, Clock } from '@gantry/core';
import type { Settings } from './options.ts';
import type { Session } from './session.ts';

export interface BackendParts {
  readonly clock: Clock;
  readonly settings: Settings;
  /** Something that was waiting for a backend may try again. */
  readonly onReady: () => void;
  /** The last connection has gone. */
  readonly onIdle: (backend: string) => void;
}

/** One backend of one frontend: its connections, its counters, and whether it accepts connections. */
export class ProxyBackend {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly sessions = new Set<Session>();
  readonly #frontend: string;
  readonly #parts: BackendParts;
  state: Backend['state'];
  bytesIn = 0;
  bytesOut = 0;
  #connections = 0;
  #failures = 0;
  #failuresInARow = 0;
  #ejected = false;
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

  join(session: Session): void {
    this.sessions.add(session);
  }

  leave(session: Session): void {
    if (this.sessions.delete(session) && this.sessions.size === 0) this.#parts.onIdle(this.id);
  }

  connected(): void {
    this.#connections++;
    this.#failuresInARow = 0;
    this.#admit();
  }

  failed(): void {
    this.#failures++;
    this.#failuresInARow++;
    if (this.#ejected || this.#failuresInARow < this.#parts.settings.eject.failures) return;
    this.#ejected = true;
    this.#probeLater();
  }

  stats(): BackendStats {
    return {
      frontend: this.#frontend,
      backend: this.id,
      state: this.#ejected && this.state === 'ready' ? 'ejected' : this.state,
      active: this.active,
      connections: this.#connections,
      failures: this.#failures,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
    };
  }

  /** Ends what it has open by itself; its sessions are the frontend's to end. */
  close(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    this.#probe?.destroy();
    this.#probe = undefined;
  }

  #admit(): void {
    if (!this.#ejected) return;
    this.#ejected = false;
    this.#failuresInARow = 0;
    this.close();
    this.#parts.onReady();
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
