import { GantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { checkPrefix, checkSince } from './check-key.ts';
import { Watcher } from './watcher.ts';

export interface EventLogOptions {
  /** Name of the plugin, for errors. */
  readonly name: string;
  /** Maximum number of events kept, for watches that start in the past or are slow. */
  readonly limit: number;
  /**
   * Maximum number of bytes of events kept, as far as {@link EventLog.append} receives their sizes (default:
   * unlimited).
   */
  readonly limitBytes?: number;
  /** The history up to this revision is unknown. Default 0: all of it is known. */
  readonly since?: number;
}

/** The watchers of keys with one first segment, and the changes there by the commit being delivered. */
interface Bucket {
  /** `tasks/`; `''` for the keys of one segment only. */
  readonly name: string;
  readonly watchers: Set<Watcher>;
  written: StoreEvent[];
}

/**
 * The newest events of a store, and all its watchers. A store appends the events of each commit once they are durable; each
 * watcher receives the events of its prefix as one batch, in most cases the very same array.
 */
export class EventLog {
  readonly #name: string;
  readonly #limit: number;
  readonly #limitBytes: number;
  readonly #buckets = new Map<string, Bucket>();
  /** Watchers of prefixes that may span buckets. */
  readonly #broad = new Set<Watcher>();
  /** The n-th event of all is at `n % limit`. */
  readonly #events: (StoreEvent | undefined)[] = [];
  readonly #sizes: number[] = [];
  #bytes = 0;
  /** Number of events ever appended, and of those that are no longer kept. */
  #count = 0;
  #gone = 0;
  #oldest: number;
  #revision: number;
  #last: Bucket | undefined;
  #closed = false;

  constructor({ name, limit, limitBytes = Number.POSITIVE_INFINITY, since = 0 }: EventLogOptions) {
    this.#name = name;
    this.#limit = limit;
    this.#limitBytes = limitBytes;
    this.#oldest = since;
    this.#revision = since;
  }

  /** Revision of the newest event. */
  get revision(): number {
    return this.#revision;
  }

  /** Every event above this revision is known. */
  get oldest(): number {
    return this.#oldest;
  }

  /**
   * Takes in the events of one commit, or of several, in order; the array is kept and never changed.
   *
   * @param sizes about how many bytes each of them takes (default: 0)
   */
  append(events: readonly StoreEvent[], sizes?: readonly number[]): void {
    const last = events.at(-1);
    if (last === undefined || this.#closed) return;
    for (let at = 0; at < events.length; at++) this.#keep(events[at] as StoreEvent, sizes?.[at] ?? 0);
    this.#revision = last.revision;
    if (this.#buckets.size > 0) this.#tellBuckets(events);
    for (const watcher of this.#broad) deliver(watcher, events, watcher.prefix === '');
  }

  /** Discards the history up to this revision; a watcher that has not received all of it must list again. */
  forget(revision: number): void {
    this.#oldest = Math.max(this.#oldest, revision);
    this.#revision = Math.max(this.#revision, revision);
    for (const watcher of this.#watchers()) watcher.end(this.#compacted(watcher.prefix));
  }

  /** As `Store.watch` says. */
  watch(
    prefix: string,
    { since, signal }: { since: number; signal: AbortSignal },
  ): AsyncIterable<readonly StoreEvent[]> {
    checkPrefix(prefix);
    checkSince(since);
    return { [Symbol.asyncIterator]: () => this.#follow(prefix, since, signal) };
  }

  /** Ends every watch; later ones are `CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const watcher of this.#watchers()) watcher.end();
    this.#events.length = 0;
  }

  #keep(event: StoreEvent, size: number): void {
    if (this.#count - this.#gone >= this.#limit) this.#drop();
    const at = this.#count++ % this.#limit;
    this.#events[at] = event;
    this.#sizes[at] = size;
    this.#bytes += size;
    while (this.#bytes > this.#limitBytes && this.#count - this.#gone > 1) this.#drop();
  }

  /** Keeps the oldest event no longer. */
  #drop(): void {
    const at = this.#gone++ % this.#limit;
    this.#oldest = (this.#events[at] as StoreEvent).revision;
    this.#events[at] = undefined;
    this.#bytes -= this.#sizes[at] as number;
  }

  #tellBuckets(events: readonly StoreEvent[]): void {
    const told: Bucket[] = [];
    for (const event of events) {
      const bucket = this.#bucketOf(event.key);
      if (bucket !== undefined && bucket.watchers.size > 0 && bucket.written.push(event) === 1)
        told.push(bucket);
    }
    for (const bucket of told) {
      const { written } = bucket;
      bucket.written = [];
      for (const watcher of bucket.watchers) deliver(watcher, written, watcher.prefix === bucket.name);
    }
  }

  #follow(prefix: string, since: number, signal: AbortSignal): Watcher {
    const stop = (): void => watcher.end();
    const watchers = this.#watchersOf(prefix);
    const watcher = new Watcher(prefix, since, this.#limit, () => {
      signal.removeEventListener('abort', stop);
      watchers.delete(watcher);
    });
    if (this.#closed) {
      watcher.end(new GantryError('CLOSED', `${this.#name}: the store is closed`));
    } else if (signal.aborted) {
      watcher.end();
    } else if (since < this.#oldest) {
      watcher.end(this.#compacted(prefix, since));
    } else {
      watchers.add(watcher);
      signal.addEventListener('abort', stop, { once: true });
      const missed = this.#since(since, prefix);
      if (missed.length > 0) watcher.push(missed);
    }
    return watcher;
  }

  #compacted(prefix: string, since?: number): GantryError {
    const oldest = this.#oldest;
    const message =
      since === undefined
        ? `${this.#name}: the events below "${prefix}" up to revision ${oldest} are gone: list again`
        : `${this.#name}: the events since revision ${since} are gone: list again`;
    return new GantryError('COMPACTED', message, {
      details: { oldest, ...(since !== undefined && { since }) },
    });
  }

  /** The kept events above a revision, under a prefix. */
  #since(revision: number, prefix: string): StoreEvent[] {
    let low = this.#gone;
    let high = this.#count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#events[middle % this.#limit] as StoreEvent).revision > revision) high = middle;
      else low = middle + 1;
    }
    const events: StoreEvent[] = [];
    for (let at = low; at < this.#count; at++) {
      const event = this.#events[at % this.#limit] as StoreEvent;
      if (event.key.startsWith(prefix)) events.push(event);
    }
    return events;
  }

  #watchersOf(prefix: string): Set<Watcher> {
    if (!prefix.includes('/')) return this.#broad;
    const name = prefix.slice(0, prefix.indexOf('/') + 1);
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = { name, watchers: new Set(), written: [] };
      this.#buckets.set(name, bucket);
    }
    return bucket.watchers;
  }

  /** The events of a commit mostly share their bucket. */
  #bucketOf(key: string): Bucket | undefined {
    if (this.#last !== undefined && key.startsWith(this.#last.name)) return this.#last;
    const bucket = this.#buckets.get(key.slice(0, key.indexOf('/') + 1));
    if (bucket !== undefined) this.#last = bucket;
    return bucket;
  }

  *#watchers(): Iterable<Watcher> {
    for (const { watchers } of this.#buckets.values()) yield* watchers;
    yield* this.#broad;
  }
}

function deliver(watcher: Watcher, events: readonly StoreEvent[], all: boolean): void {
  const batch = all ? events : events.filter((event) => event.key.startsWith(watcher.prefix));
  if (batch.length > 0) watcher.push(batch);
}
