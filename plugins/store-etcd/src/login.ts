import { Metadata } from '@grpc/grpc-js';
import type { EtcdApi } from './etcd-api.ts';
import { Failure } from './failure.ts';
import type { Settings } from './options.ts';
import type { Server } from './server.ts';

/** Who the store is to etcd: nobody, whom its certificate says, or a user who has a token for the password. */
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

  /** Goes with every call; undefined when it has to be asked for first. */
  get pass(): Metadata | undefined {
    return this.#pass;
  }

  /** Whether there is a password to get another token for. */
  get canRenew(): boolean {
    return this.#login !== undefined;
  }

  /** Gets a token, one for all who ask at the same time. Fails with a {@link Failure}. */
  async ask(api: EtcdApi, server: Server, withinMs: number): Promise<Metadata> {
    this.#asking ??= this.#ask(api, server, withinMs).finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  /** The servers do not know it any more. False where no other can be had. */
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

/** A server without a leader is to say so at once, and to end streams. */
function newMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set('hasleader', 'true');
  return metadata;
}

/** As etcd's own clients, this one takes a server that asks nobody for a password. */
function isNotNeeded(error: unknown): boolean {
  return error instanceof Failure && /authentication is not enabled/.test(error.message);
}
