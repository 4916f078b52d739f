import { contracts, definePlugin, GantryError, type Store, throwIfAborted } from '@gantry/core';
import type {
  Change,
  CommitOptions,
  Entry,
  Fence,
  Listing,
  Outcome,
  StoreEvent,
} from '@gantry/core/contracts';
import { checkKey, checkPrefix, EventLog, SortedEntries } from '@gantry/storing';
import { z } from 'zod';
import { JsonFreezer } from './freeze-json.ts';

const DEFAULT_HISTORY = 100_000;
const DEFAULT_HISTORY_BYTES = 128 << 20;
/** Approximate size of an event besides its value. */
const EVENT_BYTES = 100;

export interface MemoryStoreOptions {
  /** Number of events kept for watches that start in the past or are slow. */
  readonly history?: number;
  /** Approximate maximum size of those events in bytes; one event is always kept. */
  readonly historyBytes?: number;
}

/**
 * A store in the memory of this process. It takes ownership of the values it is given: they are frozen, and all readers
 * receive the same object. An entry and the event that put it are one object as well.
 */
export class MemoryStore implements Store {
  readonly supports: Store['supports'] = {
    durable: false,
    fencing: true,
    maxValueBytes: Number.POSITIVE_INFINITY,
  };
  readonly #entries = new SortedEntries();
  readonly #log: EventLog;
  readonly #freezer = new JsonFreezer();
  #revision = 0;
  #closed = false;

  /** Creates an empty store. */
  constructor(options: MemoryStoreOptions = {}) {
    const { history = DEFAULT_HISTORY, historyBytes = DEFAULT_HISTORY_BYTES } = options;
    this.#log = new EventLog({ name: 'store-memory', limit: history, limitBytes: historyBytes });
  }

  async get(key: string, options?: { signal?: AbortSignal | undefined }): Promise<Entry | undefined> {
    this.#enter(options?.signal);
    checkKey(key);
    return this.#entries.get(key);
  }

  async list(prefix: string, options?: { signal?: AbortSignal | undefined }): Promise<Listing> {
    this.#enter(options?.signal);
    checkPrefix(prefix);
    return { entries: this.#entries.list(prefix), revision: this.#revision };
  }

  async commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]> {
    this.#enter(options?.signal);
    const bytes = changes.map((change) => this.#check(change));
    if (options?.fence !== undefined) this.#pass(options.fence);
    const events: StoreEvent[] = [];
    const sizes: number[] = [];
    const outcomes = new Array<Outcome>(changes.length);
    for (let index = 0; index < changes.length; index++) {
      outcomes[index] = this.#write(changes[index] as Change, events);
      if (events.length > sizes.length) sizes.push(EVENT_BYTES + (bytes[index] as number));
    }
    this.#log.append(events, sizes);
    return outcomes;
  }

  watch(
    prefix: string,
    options: { since: number; signal: AbortSignal },
  ): AsyncIterable<readonly StoreEvent[]> {
    return this.#log.watch(prefix, options);
  }

  /** Ends every watch; later calls fail with `CLOSED`. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#log.close();
    this.#entries.clear();
  }

  #enter(signal: AbortSignal | undefined): void {
    if (this.#closed) throw new GantryError('CLOSED', 'store-memory: the store is closed');
    throwIfAborted(signal);
  }

  /** @returns approximate size of the value in bytes, without the parts that it shares with its predecessor */
  #check({ key, value }: Change): number {
    const known = typeof key === 'string' ? this.#entries.get(key) : undefined;
    if (known === undefined) checkKey(key);
    return value === undefined ? 0 : this.#freezer.freeze(value, known?.value);
  }

  #pass({ key, revision }: Fence): void {
    checkKey(key);
    if (this.#entries.get(key)?.revision === revision) return;
    throw new GantryError('FENCED', `store-memory: "${key}" is no longer at revision ${revision}`);
  }

  #write({ key, value, expect }: Change, events: StoreEvent[]): Outcome {
    const current = this.#entries.get(key);
    if (expect !== undefined && expect !== (current === undefined ? 'absent' : current.revision)) {
      return { ok: false, current };
    }
    if (value === undefined && current === undefined) return { ok: true, revision: this.#revision };
    const event: StoreEvent = Object.freeze({ key, value, revision: ++this.#revision });
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.put(event as Entry);
    events.push(event);
    return { ok: true, revision: event.revision };
  }
}

/** Plugin: a store in the memory of this process, for `contracts.store`. */
export const memoryStore = definePlugin({
  name: 'store-memory',
  provides: contracts.store,
  options: z.strictObject({
    history: z.int().positive().default(DEFAULT_HISTORY),
    historyBytes: z.int().positive().default(DEFAULT_HISTORY_BYTES),
  }),
  create: (options) => new MemoryStore(options),
});
