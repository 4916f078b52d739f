import { type Clock, GantryError, throwIfAborted, unlessAborted } from '@gantry/core';
import { type Metadata, status } from '@grpc/grpc-js';
import type { EtcdApi, Method } from './etcd-api.ts';
import { Failure } from './failure.ts';
import type { Login } from './login.ts';
import type { Settings } from './options.ts';
import { type Call, Server } from './server.ts';

export interface AskOptions {
  /** Marks a write: it is never sent again once it may have been done, and only its caller can cancel it. */
  readonly write?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Deadline by `clock.elapsed()` (default: the timeout from now). */
  readonly deadline?: number;
}

export interface ServersOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly login: Login;
  readonly api: EtcdApi;
}

/** A connected server, and the token for it. */
export interface Contact {
  readonly server: Server;
  readonly pass: Metadata;
}

/** The members of the cluster. One is used until it fails, then the next. */
export class Servers {
  readonly #clock: Clock;
  readonly #login: Login;
  readonly #api: EtcdApi;
  readonly #timeoutMs: number;
  readonly #servers: readonly Server[];
  readonly #onTheirWay = new Set<{ readonly write: boolean; readonly call: Call<unknown> }>();
  #at = 0;
  #closed = false;

  constructor({ settings, clock, login, api }: ServersOptions) {
    this.#clock = clock;
    this.#login = login;
    this.#api = api;
    this.#timeoutMs = settings.timeoutMs;
    this.#servers = settings.endpoints.map((endpoint) => new Server(endpoint, settings, clock));
  }

  /**
   * Asks one server after the other, each at most once, until one answers. A write is passed to the next server only if
   * it is certain that nothing was done.
   *
   * @throws the code of the failure; `TIMEOUT` for a write that may have been done.
   */
  async ask<Q, A>(method: Method<Q, A>, question: Q, options: AskOptions = {}): Promise<A> {
    const { write = false, signal, deadline = this.#clock.elapsed() + this.#timeoutMs } = options;
    const failures: Failure[] = [];
    let renewed = false;
    for (;;) {
      throwIfAborted(signal);
      const server = this.#current();
      let pass: Metadata | undefined;
      let sent = false;
      try {
        const connecting = server.connect();
        if (connecting !== undefined) await (signal ? unlessAborted(connecting, signal) : connecting);
        const left = this.#left(server, deadline);
        pass = this.#login.pass ?? (await this.#login.ask(this.#api, server, left));
        const untried = write ? 1 : Math.max(1, this.#servers.length - failures.length);
        const withinMs = this.#left(server, deadline) / untried;
        this.#current();
        sent = true;
        const call = server.ask(method, question, pass, withinMs);
        return await this.#answer(call, write, signal);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const { verdict } = error;
        const maybeDone = write && sent && verdict.maybeDone;
        if (!maybeDone) throwIfAborted(signal);
        if (verdict.expired && pass !== undefined && !renewed && this.#login.forget(pass)) {
          renewed = true;
          continue;
        }
        failures.push(error);
        this.failed(error);
        const again = verdict.elsewhere && !maybeDone && failures.length < this.#servers.length;
        if (!again || this.#clock.elapsed() >= deadline) throw this.#told(failures, write, maybeDone);
      }
    }
  }

  /** A server that is connected. Fails with a {@link Failure}. */
  async contact(): Promise<Contact> {
    const server = this.#current();
    await server.connect();
    const pass = this.#login.pass ?? (await this.#login.ask(this.#api, server, this.#timeoutMs));
    this.#current();
    return { server, pass };
  }

  /** Switches to the next server if this one is at fault. */
  failed({ verdict, server }: Failure): void {
    if (!verdict.elsewhere || this.#servers[this.#at]?.name !== server) return;
    this.#at = (this.#at + 1) % this.#servers.length;
  }

  /** Cancels reads, and waits for writes in progress. */
  async close(): Promise<void> {
    this.#closed = true;
    const written: Promise<unknown>[] = [];
    for (const { write, call } of this.#onTheirWay) {
      if (write) written.push(call.answer);
      else call.cancel();
    }
    await Promise.allSettled(written);
    for (const server of this.#servers) server.close();
  }

  async #answer<A>(call: Call<A>, write: boolean, signal: AbortSignal | undefined): Promise<A> {
    const entry = { write, call };
    const cancel = (): void => call.cancel();
    this.#onTheirWay.add(entry);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await call.answer;
    } catch (error) {
      if (signal?.aborted) throwIfAborted(signal);
      if (this.#closed && !write) this.#current();
      throw error;
    } finally {
      this.#onTheirWay.delete(entry);
      signal?.removeEventListener('abort', cancel);
    }
  }

  #current(): Server {
    if (this.#closed) throw new GantryError('CLOSED', 'store-etcd: the store is closed');
    return this.#servers[this.#at] as Server;
  }

  /** @throws Failure when the time is up before anything was sent. */
  #left(server: Server, deadline: number): number {
    const left = deadline - this.#clock.elapsed();
    if (left > 0) return left;
    throw new Failure(server.name, status.DEADLINE_EXCEEDED, 'no connection in time');
  }

  #told(failures: readonly Failure[], write: boolean, maybeDone: boolean): GantryError {
    const last = failures.at(-1) as Failure;
    const text = failures.map(({ server, message }) => `${server}: ${message}`).join('; ');
    const unsent = write && last.verdict.code === 'TIMEOUT' ? 'UNAVAILABLE' : last.verdict.code;
    const code = maybeDone ? 'TIMEOUT' : unsent;
    const what = maybeDone ? 'it may have been written: ' : '';
    return new GantryError(code, `store-etcd: ${what}${text}`, {
      details: { endpoints: this.#servers.map(({ name }) => name) },
      cause: last.cause,
    });
  }
}
