import { type Clock, GantryError, isGantryError, type Logger, type Random } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { Backoff } from '@gantry/core/primitives';
import { Watcher } from '@gantry/storing';
import type { Codec } from './codec.ts';
import type { EtcdApi, WatchEvent } from './etcd-api.ts';
import { Failure } from './failure.ts';
import type { Login } from './login.ts';
import type { Servers } from './servers.ts';
import { type WatchListener, type WatchState, WatchStream } from './watch-stream.ts';

/** Maximum number of events that wait for a slow reader. */
const MAX_WAITING = 100_000;

interface Watch extends WatchState {
  readonly prefix: string;
  readonly watcher: Watcher;
  /** Whether etcd has rejected it once, possibly because of an expired token. */
  refused: boolean;
}

export interface WatchesOptions {
  readonly servers: Servers;
  readonly login: Login;
  readonly api: EtcdApi;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timeoutMs: number;
}

/**
 * All watches of a store, over one stream. If the stream breaks, another one is opened with exponential backoff, and
 * each watch continues where it was.
 */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #all = new Set<Watch>();
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #stream: WatchStream<Watch> | undefined;
  #endSession: ((failure?: Failure) => void) | undefined;
  #running = false;
  #broken = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  follow(prefix: string, since: number, signal: AbortSignal): Watcher {
    const stop = (): void => watcher.end();
    const watcher = new Watcher(prefix, since, MAX_WAITING, () => {
      signal.removeEventListener('abort', stop);
      this.#leave(watch);
    });
    const range = this.#options.codec.range(prefix);
    const watch: Watch = { prefix, range, next: since + 1, watcher, refused: false };
    if (this.#closing.signal.aborted) {
      watcher.end(new GantryError('CLOSED', 'store-etcd: the store is closed'));
    } else if (signal.aborted) {
      watcher.end();
    } else {
      signal.addEventListener('abort', stop, { once: true });
      this.#all.add(watch);
      if (this.#stream !== undefined) this.#stream.add(watch);
      else void this.#run();
    }
    return watcher;
  }

  /** Ends every watch; those that begin later are `CLOSED`. */
  close(): void {
    this.#closing.abort();
    for (const { watcher } of this.#all) watcher.end();
  }

  #leave(watch: Watch): void {
    if (!this.#all.delete(watch)) return;
    this.#stream?.remove(watch);
    if (this.#all.size === 0) this.#endSession?.();
  }

  /** Keeps a stream open while there are watches. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#all.size > 0) {
      const failure = await this.#session();
      if (failure === undefined || this.#all.size === 0) continue;
      if (isGantryError(failure)) {
        for (const { watcher } of this.#all) watcher.end(failure);
        continue;
      }
      const { clock, logger } = this.#options;
      const { server, message: reason } = failure;
      if (!this.#broken) logger.warn('store-etcd: watches are interrupted', { server, reason });
      this.#broken = true;
      await clock.sleep(this.#backoff.next(), this.#closing.signal).catch(() => undefined);
    }
    this.#running = false;
  }

  /** Runs one stream from its beginning to its end. Returns the failure, if any. */
  async #session(): Promise<Failure | GantryError | undefined> {
    const { servers, login, api, clock, timeoutMs } = this.#options;
    try {
      const { server, pass } = await servers.contact();
      if (this.#all.size === 0) return undefined;
      const failure = await new Promise<Failure | undefined>((resolve) => {
        this.#endSession = resolve;
        const listener = this.#listener(() => {
          login.forget(pass);
          resolve(undefined);
        });
        const stream = server.open(api.watch, pass);
        this.#stream = new WatchStream({ server, stream, clock, timeoutMs, listener });
        for (const watch of this.#all) this.#stream.add(watch);
      });
      if (failure?.verdict.expired) login.forget(pass);
      if (failure !== undefined) servers.failed(failure);
      return failure;
    } catch (error) {
      if (!(error instanceof Failure)) return error as GantryError;
      servers.failed(error);
      if (error.verdict.elsewhere) return error;
      return new GantryError(error.verdict.code, `store-etcd: ${error.server}: ${error.message}`);
    } finally {
      this.#stream?.close();
      this.#stream = undefined;
      this.#endSession = undefined;
    }
  }

  #listener(renew: () => void): WatchListener<Watch> {
    return {
      created: (watch) => {
        watch.refused = false;
        this.#backoff.reset();
        if (this.#broken) this.#options.logger.info('store-etcd: watches go on');
        this.#broken = false;
      },
      events: (watch, events) => this.#deliver(watch, events),
      compacted: ({ prefix, next, watcher }, oldest) => {
        const since = next - 1;
        const message = `store-etcd: the events below "${prefix}" since revision ${since} are gone: list again`;
        watcher.end(new GantryError('COMPACTED', message, { details: { since, oldest } }));
      },
      refused: (watch, reason) => {
        if (watch.refused || !this.#options.login.canRenew) {
          const message = `store-etcd: the keys below "${watch.prefix}" may not be watched: ${reason}`;
          watch.watcher.end(new GantryError('FORBIDDEN', message, { details: { prefix: watch.prefix } }));
          return;
        }
        watch.refused = true;
        renew();
      },
      ended: (failure) => this.#endSession?.(failure),
    };
  }

  #deliver({ watcher }: Watch, events: readonly WatchEvent[]): void {
    const { codec } = this.#options;
    let batch: StoreEvent[];
    try {
      batch = events.map((event) => codec.event(event));
    } catch (error) {
      watcher.end(error as GantryError);
      return;
    }
    watcher.push(batch);
  }
}
