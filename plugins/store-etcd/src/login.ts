import { Metadata } from '@grpc/grpc-js';
import type { EtcdApi } from './etcd-api.ts';
import { Failure } from './failure.ts';
import type { Settings } from './options.ts';
import type { Server } from './server.ts';

/** The identity of the store in etcd: none, that of its certificate, or a user with a token obtained for a password. */
export class Login {
  readonly #login: Settings['login'];
  readonly #anonymous: Metadata;
  #pass: Metadata | undefined;
  #asking: Promise<Metadata> | undefined;

  constructor(login: Settings['login']) {
    this.#login = login;
    this.#anonymous = newMetadata();
    if (login === undefined) this.#pass = this.#anonymous;
  }

  /** Metadata sent with every call; undefined if it must be requested first. */
  get pass(): Metadata | undefined {
    return this.#pass;
  }

  /** Whether there is a password to get another token for. */
  get canRenew(): boolean {
    return this.#login !== undefined;
  }

  /** Requests a token, once for all concurrent callers. Fails with a {@link Failure}. */
  async ask(api: EtcdApi, server: Server, withinMs: number): Promise<Metadata> {
    this.#asking ??= this.#ask(api, server, withinMs).finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  /** Discards a token that the servers no longer know. Returns false if no other token is available. */
  forget(pass: Metadata): boolean {
    if (!this.canRenew) return false;
    if (this.#pass === pass) this.#pass = undefined;
    return true;
  }

  async #ask(api: EtcdApi, server: Server, withinMs: number): Promise<Metadata> {
    if (this.#login === undefined) return this.#anonymous;
    const { user: name, password } = this.#login;
    const pass = newMetadata();
    try {
      const call = server.ask(api.authenticate, { name, password }, this.#anonymous, withinMs);
      const { token } = await call.answer;
      if (token !== undefined) pass.set('token', token);
    } catch (error) {
      if (!isNotNeeded(error)) throw error;
    }
    this.#pass = pass;
    return pass;
  }
}

/** A server without a leader should report that immediately, and end streams. */
function newMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set('hasleader', 'true');
  return metadata;
}

/** Like etcd's own clients, this one accepts a server that does not require a password. */
function isNotNeeded(error: unknown): boolean {
  return error instanceof Failure && /authentication is not enabled/.test(error.message);
}
