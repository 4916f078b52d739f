import {
  type Change,
  contracts,
  definePlugin,
  type Entry,
  GantryError,
  type Listing,
  type Outcome,
  type Store,
  type StoreEvent,
  throwIfAborted,
} from '@gantry/core';
import { z } from 'zod';
import { Bucket, byCodeUnit } from './bucket.ts';
import { JsonFreezer } from './freeze-json.ts';
import { Watcher } from './watcher.ts';

const KEY = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
const DEFAULT_HISTORY = 100_000;

export interface MemoryStoreOptions {
  /** How many events are remembered for watches that start in the past or are slow. */
  readonly history?: number;
}

/** What one commit has changed, for those who watch. */
interface Written {
  /** Every event, if somebody watches more than one bucket. */
  readonly all: StoreEvent[] | undefined;
  /** The buckets somebody watches and that have events. */
  readonly buckets: Bucket[];
}

/**
 * A store in the memory of this process. It takes over the values it is given: they are frozen, and everybody who reads
 * gets the same object. An entry and the event that put it are one object as well.
 */
export class MemoryStore implements Store {
  readonly supports = { durable: false };
  readonly #limit: number;
  readonly #buckets = new Map<string, Bucket>();
  /** Watchers of prefixes that may span buckets. */
  readonly #broad = new Set<Watcher>();
  /** The last events: that of revision r at `(r - 1) % limit`. */
  readonly #history: StoreEvent[] = [];
  readonly #freezer = new JsonFreezer();
  #bucket = new Bucket('');
  #revision = 0;
  #closed = false;

  constructor(options: MemoryStoreOptions = {}) {
    this.#limit = options.history ?? DEFAULT_HISTORY;
    this.#buckets.set('', this.#bucket);
  }

  async get(key: string, options?: { signal?: AbortSignal }): Promise<Entry | undefined> {
    this.#enter(options?.signal);
    checkKey(key);
    return this.#bucketOf(key)?.entries.get(key);
  }

  async list(prefix: string, options?: { signal?: AbortSignal }): Promise<Listing> {
    this.#enter(options?.signal);
    checkPrefix(prefix);
    const entries: Entry[] = [];
    const narrow = prefix.indexOf('/') + 1;
    if (narrow > 0) {
      this.#buckets.get(prefix.slice(0, narrow))?.collect(prefix, entries);
      return { entries, revision: this.#revision };
    }
    for (const bucket of this.#buckets.values()) {
      if (bucket.name === '' || bucket.name.startsWith(prefix)) bucket.collect(prefix, entries);
    }
    entries.sort((a, b) => byCodeUnit(a.key, b.key));
    return { entries, revision: this.#revision };
  }

  async commit(changes: readonly Change[], options?: { signal?: AbortSignal }): Promise<readonly Outcome[]> {
    this.#enter(options?.signal);
    for (const change of changes) this.#check(change);
    const commit: Written = { all: this.#broad.size > 0 ? [] : undefined, buckets: [] };
    const outcomes = new Array<Outcome>(changes.length);
    for (let index = 0; index < changes.length; index++) {
      outcomes[index] = this.#write(changes[index] as Change, commit);
    }
    this.#tell(commit);
    return outcomes;
  }

  watch(
    prefix: string,
    options: { since: number; signal: AbortSignal },
  ): AsyncIterable<readonly StoreEvent[]> {
    checkPrefix(prefix);
    if (!Number.isSafeInteger(options.since) || options.since < 0) {
      throw new TypeError(`since must be a revision, not ${String(options.since)}`);
    }
    return { [Symbol.asyncIterator]: () => this.#iterate(prefix, options.since, options.signal) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const bucket of this.#buckets.values()) for (const watcher of bucket.watchers) watcher.end();
    for (const watcher of this.#broad) watcher.end();
    this.#buckets.clear();
    this.#history.length = 0;
  }

  #enter(signal: AbortSignal | undefined): void {
    if (this.#closed) throw closed();
    throwIfAborted(signal);
  }

  #check({ key, value }: Change): void {
    const known = typeof key === 'string' ? this.#bucketOf(key)?.entries.get(key) : undefined;
    if (known === undefined) checkKey(key);
    if (value !== undefined) this.#freezer.freeze(value, known?.value);
  }

  #write({ key, value, expect }: Change, commit: Written): Outcome {
    let bucket = this.#bucketOf(key);
    const current = bucket?.entries.get(key);
    if (expect !== undefined && expect !== (current === undefined ? 'absent' : current.revision)) {
      return { ok: false, current };
    }
    if (value === undefined && current === undefined) return { ok: true, revision: this.#revision };
    const event: StoreEvent = Object.freeze({ key, value, revision: ++this.#revision });
    this.#history[(event.revision - 1) % this.#limit] = event;
    bucket ??= this.#addBucket(key);
    if (value === undefined) bucket.delete(key);
    else bucket.put(event as Entry);
    commit.all?.push(event);
    if (bucket.watchers.size > 0 && bucket.written.push(event) === 1) commit.buckets.push(bucket);
    return { ok: true, revision: event.revision };
  }

  /** Each watcher gets the events of one commit as one batch, most of them the very same array. */
  #tell({ all, buckets }: Written): void {
    for (const bucket of buckets) {
      const events = bucket.written;
      bucket.written = [];
      for (const watcher of bucket.watchers) deliver(watcher, events, watcher.prefix === bucket.name);
    }
    if (all === undefined || all.length === 0) return;
    for (const watcher of this.#broad) deliver(watcher, all, watcher.prefix === '');
  }

  #iterate(prefix: string, since: number, signal: AbortSignal): Watcher {
    const stop = (): void => watcher.end();
    const watcher = new Watcher(prefix, since, this.#limit, () => {
      signal.removeEventListener('abort', stop);
      this.#watchersOf(prefix)?.delete(watcher);
    });
    const oldest = this.#revision - this.#limit;
    if (this.#closed) {
      watcher.end(closed());
    } else if (signal.aborted) {
      watcher.end();
    } else if (since < oldest) {
      const message = `store-memory: the events since revision ${since} are gone`;
      watcher.end(new GantryError('COMPACTED', message, { details: { since, oldest } }));
    } else {
      if (prefix.includes('/')) this.#bucketOf(prefix) ?? this.#addBucket(prefix);
      this.#watchersOf(prefix)?.add(watcher);
      signal.addEventListener('abort', stop, { once: true });
      const missed = this.#since(since, prefix);
      if (missed.length > 0) watcher.push(missed);
    }
    return watcher;
  }

  #watchersOf(prefix: string): Set<Watcher> | undefined {
    return prefix.includes('/') ? this.#bucketOf(prefix)?.watchers : this.#broad;
  }

  /** The remembered events above a revision, under a prefix. */
  #since(revision: number, prefix: string): StoreEvent[] {
    const events: StoreEvent[] = [];
    for (let at = revision; at < this.#revision; at++) {
      const event = this.#history[at % this.#limit] as StoreEvent;
      if (event.key.startsWith(prefix)) events.push(event);
    }
    return events;
  }

  #bucketOf(key: string): Bucket | undefined {
    const last = this.#bucket;
    if (last.name !== '' && key.startsWith(last.name)) return last;
    const bucket = this.#buckets.get(key.slice(0, key.indexOf('/') + 1));
    if (bucket !== undefined) this.#bucket = bucket;
    return bucket;
  }

  #addBucket(key: string): Bucket {
    const bucket = new Bucket(key.slice(0, key.indexOf('/') + 1));
    this.#buckets.set(bucket.name, bucket);
    return bucket;
  }
}

function closed(): GantryError {
  return new GantryError('CLOSED', 'store-memory: the store is closed');
}

function deliver(watcher: Watcher, events: readonly StoreEvent[], all: boolean): void {
  const batch = all ? events : events.filter((event) => event.key.startsWith(watcher.prefix));
  if (batch.length > 0) watcher.push(batch);
}

function checkKey(key: string): void {
  if (typeof key === 'string' && KEY.test(key)) return;
  throw new TypeError(`a store key is segments of [A-Za-z0-9._-] joined by "/", not ${JSON.stringify(key)}`);
}

function checkPrefix(prefix: string): void {
  if (typeof prefix !== 'string') throw new TypeError('a prefix must be a string');
}

/** Plugin: a store in the memory of this process, for `contracts.store`. */
export const memoryStore = definePlugin({
  name: 'store-memory',
  provides: contracts.store,
  options: z.strictObject({ history: z.int().positive().default(DEFAULT_HISTORY) }),
  create: (options) => new MemoryStore(options),
});
