import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  contracts,
  definePlugin,
  GantryError,
  type Lifecycle,
  type Store,
  throwIfAborted,
  unlessAborted,
} from '@gantry/core';
import type { Change, CommitOptions, Entry, Listing, Outcome, StoreEvent } from '@gantry/core/contracts';
import { checkKey, checkPrefix, checkSince, EventLog, encodeValue } from '@gantry/storing';
import { z } from 'zod';
import { checkFiles } from './check-files.ts';
import { Claim } from './claim.ts';
import { CommitQueue } from './commit-queue.ts';
import { Environment } from './environment.ts';
import { failure } from './failure.ts';
import { Identity } from './identity.ts';
import type { Encoded } from './plan.ts';
import { ResumedWatch } from './resumed-watch.ts';

const DEFAULT_HISTORY = 100_000;
/** Older events are read from the disk. */
const DEFAULT_HISTORY_BYTES = 32 * 1024 * 1024;
const MAX_VALUE_BYTES = 1_000_000;

/** Options of an LMDB store. */
export interface LmdbStoreOptions {
  /** Directory for the data; created if it does not exist. */
  readonly path: string;
  /** Number of events remembered for watches that start in the past or are slow. */
  readonly history?: number;
  /** Maximum bytes of them kept in memory; the rest is read from the disk when needed. */
  readonly historyBytes?: number;
}

/** The resources held between start and dispose. */
interface Opened {
  readonly environment: Environment;
  readonly queue: CommitQueue;
  readonly log: EventLog;
}

/** A store in a directory of this machine, used by one process only. Everything it has answered is on the disk. */
export class LmdbStore implements Store, Lifecycle {
  readonly supports: Store['supports'] = { durable: true, fencing: true, maxValueBytes: MAX_VALUE_BYTES };
  readonly #path: string;
  readonly #history: number;
  readonly #historyBytes: number;
  #starting: Promise<void> | undefined;
  #claim: Claim | undefined;
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;

  /** Creates a store that opens its directory in `start`. */
  constructor({ path, history = DEFAULT_HISTORY, historyBytes = DEFAULT_HISTORY_BYTES }: LmdbStoreOptions) {
    this.#path = resolve(path);
    this.#history = history;
    this.#historyBytes = historyBytes;
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) throw isClosed();
    this.#starting ??= this.#start(signal).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    await this.#starting;
  }

  async get(key: string, options?: { signal?: AbortSignal | undefined }): Promise<Entry | undefined> {
    const { environment } = this.#enter(options?.signal);
    checkKey(key);
    const stored = environment.read(key);
    return stored && { key, value: JSON.parse(stored.text), revision: stored.revision };
  }

  async list(prefix: string, options?: { signal?: AbortSignal | undefined }): Promise<Listing> {
    const { environment } = this.#enter(options?.signal);
    checkPrefix(prefix);
    return environment.list(prefix);
  }

  async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<readonly Outcome[]> {
    const { signal, fence } = options;
    const { queue } = this.#enter(signal);
    if (fence !== undefined) checkKey(fence.key);
    const answer = queue.commit({ changes: changes.map(encoded), fence }, signal);
    return signal === undefined ? await answer : await unlessAborted(answer, signal);
  }

  watch(
    prefix: string,
    { since, signal }: { since: number; signal: AbortSignal },
  ): AsyncIterable<readonly StoreEvent[]> {
    checkPrefix(prefix);
    checkSince(since);
    return { [Symbol.asyncIterator]: () => this.#follow(prefix, since, signal) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #start(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    try {
      await mkdir(this.#path, { recursive: true, mode: 0o700 });
      this.#claim = await Claim.take(this.#path, signal);
    } catch (error) {
      throw failure(`use the folder "${this.#path}"`, error);
    }
    try {
      const identity = await Identity.read(this.#path);
      await checkFiles(this.#path, identity.isNew);
      if (identity.isNew) await identity.prepare();
      this.#opened = this.#open(identity);
      await identity.confirm(this.#opened.environment.id);
    } catch (error) {
      await this.#opened?.environment.close();
      this.#opened = undefined;
      await this.#claim.release();
      this.#claim = undefined;
      throw failure(`use the data in "${this.#path}"`, error);
    }
  }

  #open(identity: Identity): Opened {
    const environment = new Environment(this.#path, (stored) => identity.expected(stored));
    const log = new EventLog({
      name: 'store-lmdb',
      limit: this.#history,
      limitBytes: this.#historyBytes,
      since: environment.revision,
    });
    const written = (events: readonly StoreEvent[], sizes: readonly number[]): void =>
      log.append(events, sizes);
    return { environment, log, queue: new CommitQueue({ environment, history: this.#history, written }) };
  }

  async #close(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    await this.#opened?.queue.idle();
    this.#opened?.log.close();
    await this.#opened?.environment.close();
    await this.#claim?.release();
  }

  #enter(signal: AbortSignal | undefined): Opened {
    if (this.#closing !== undefined) throw isClosed();
    throwIfAborted(signal);
    if (this.#opened !== undefined) return this.#opened;
    throw new GantryError('UNAVAILABLE', `store-lmdb: the store in "${this.#path}" is not started`);
  }

  #follow(prefix: string, since: number, signal: AbortSignal): AsyncIterator<readonly StoreEvent[]> {
    if (signal.aborted) return { next: async () => ({ done: true, value: undefined }) };
    const { environment, log } = this.#enter(undefined);
    const { oldest, revision } = log;
    const inMemory = since >= oldest;
    const watch = log.watch(prefix, { since: inMemory ? since : revision, signal });
    const rest = watch[Symbol.asyncIterator]();
    if (inMemory) return rest;
    const isOver = (): boolean => signal.aborted || this.#closing !== undefined;
    return new ResumedWatch({ environment, prefix, since, until: revision, rest, isOver });
  }
}

function isClosed(): GantryError {
  return new GantryError('CLOSED', 'store-lmdb: the store is closed');
}

function encoded({ key, value, expect }: Change): Encoded {
  checkKey(key);
  const text = value === undefined ? undefined : encodeValue(key, value, MAX_VALUE_BYTES);
  return { key, text, expect };
}

/** Plugin: a store in a directory of this machine, for `contracts.store`. */
export const lmdbStore = definePlugin({
  name: 'store-lmdb',
  provides: contracts.store,
  options: z.strictObject({
    path: z.string().min(1),
    history: z.int().positive().default(DEFAULT_HISTORY),
    historyBytes: z.int().positive().default(DEFAULT_HISTORY_BYTES),
  }),
  create: (options) => new LmdbStore(options),
});
