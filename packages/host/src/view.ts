import { aborted } from '@gantry/core';
import type { Entry, StoreEvent, View, ViewEvent, ViewIndex } from '@gantry/core/contracts';
import {
  type IndexReader,
  type Kind,
  type KindDefinition,
  type KindMap,
  keyPrefix,
  referenceKey,
} from '@gantry/core/model';

interface Index<K extends Kind> {
  readonly read: IndexReader<K>;
  readonly groups: Map<string, Map<string, Entry<KindMap[K]>>>;
}

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/** The cache of one kind: a map, its indexes, and its subscribers. Fed by {@link StoreViews}. */
export class CachedView<K extends Kind> implements View<K> {
  readonly kind: K;
  revision = 0;
  readonly #entries = new Map<string, Entry<KindMap[K]>>();
  readonly #indexes: ReadonlyMap<string, Index<K>>;
  readonly #listeners = new Set<(events: readonly ViewEvent<K>[]) => void>();
  #waiters: Waiter[] = [];
  readonly #prefixLength: number;
  readonly #onError: (index: string, id: string, error: unknown) => void;

  /** @param onError called with the error of an index's reader: the object then belongs to no group of that index */
  constructor(definition: KindDefinition<K>, onError: (index: string, id: string, error: unknown) => void) {
    this.kind = definition.kind;
    this.#onError = onError;
    this.#prefixLength = keyPrefix(this.kind).length;
    this.#indexes = new Map(readersOf(definition).map(([name, read]) => [name, { read, groups: new Map() }]));
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Entry<KindMap[K]> | undefined {
    return this.#entries.get(id);
  }

  all(): Iterable<Entry<KindMap[K]>> {
    return this.#entries.values();
  }

  by(index: ViewIndex<K>, value: string): Iterable<Entry<KindMap[K]>> {
    return this.#group(index, value)?.values() ?? [];
  }

  countBy(index: ViewIndex<K>, value: string): number {
    return this.#group(index, value)?.size ?? 0;
  }

  subscribe(listener: (events: readonly ViewEvent<K>[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  reached(revision: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    if (revision <= this.revision) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = { revision, resolve: settle };
      const onAbort = (): void => {
        this.#waiters = this.#waiters.filter((each) => each !== waiter);
        reject(aborted(signal as AbortSignal));
      };
      function settle(): void {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Takes in a batch of the store's events. */
  apply(batch: readonly StoreEvent[]): void {
    const events: ViewEvent<K>[] = [];
    for (const event of batch) {
      const name = event.key.slice(this.#prefixLength);
      const before = this.#entries.get(name);
      const after = event.value === undefined ? undefined : (event as Entry<KindMap[K]>);
      if (event.revision > this.revision) this.revision = event.revision;
      if (before === undefined && after === undefined) continue;
      this.#put(name, before, after);
      events.push({ kind: this.kind, name, before, after });
    }
    this.#tell(events);
  }

  /** Makes the cache equal to a new listing, and reports the differences. */
  replace(entries: readonly Entry[], revision: number): void {
    const listed = new Set(entries.map((entry) => entry.key));
    const gone = [...this.#entries.values()].filter((entry) => !listed.has(entry.key));
    const changed = entries.filter(
      (entry) => this.#entries.get(entry.key.slice(this.#prefixLength))?.revision !== entry.revision,
    );
    this.apply([...gone.map(({ key }) => ({ key, value: undefined, revision })), ...changed]);
    this.revision = Math.max(this.revision, revision);
    this.#wake();
  }

  #group(index: ViewIndex<K>, value: string): Map<string, Entry<KindMap[K]>> | undefined {
    return this.#indexes.get(index)?.groups.get(value);
  }

  #put(name: string, before: Entry<KindMap[K]> | undefined, after: Entry<KindMap[K]> | undefined): void {
    if (after === undefined) this.#entries.delete(name);
    else this.#entries.set(name, after);
    for (const [index, { read, groups }] of this.#indexes) {
      const from = before === undefined ? undefined : this.#read(index, read, name, before);
      const to = after === undefined ? undefined : this.#read(index, read, name, after);
      if (typeof from === 'string') {
        if (from !== to) removeFrom(groups, from, name);
      } else for (const value of from ?? []) removeFrom(groups, value, name);
      if (after === undefined) continue;
      if (typeof to === 'string') putInto(groups, to, name, after);
      else for (const value of to ?? []) putInto(groups, value, name, after);
    }
  }

  /** An object in a stored form that a plugin's reader does not expect must not end the view. */
  #read(
    index: string,
    read: IndexReader<K>,
    id: string,
    entry: Entry<KindMap[K]>,
  ): ReturnType<IndexReader<K>> {
    try {
      return read(entry.value);
    } catch (error) {
      this.#onError(index, id, error);
      return undefined;
    }
  }

  #tell(events: readonly ViewEvent<K>[]): void {
    const errors: unknown[] = [];
    for (const listener of events.length > 0 ? this.#listeners : []) {
      try {
        listener(events);
      } catch (error) {
        errors.push(error); // the others have to hear of it all the same
      }
    }
    this.#wake();
    if (errors.length > 0) throw errors[0];
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter((waiter) => waiter.revision <= this.revision);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.revision);
    for (const waiter of ready) waiter.resolve();
  }
}

function readersOf<K extends Kind>(definition: KindDefinition<K>): readonly [string, IndexReader<K>][] {
  const { references, claims, indexes = {} } = definition;
  const readers: [string, IndexReader<K>][] = Object.entries(indexes);
  if (references !== undefined)
    readers.push(['references', (object) => references(object).map(referenceKey)]);
  if (claims !== undefined) readers.push(['claims', (object) => claims(object).map(({ name }) => name)]);
  return readers;
}

function putInto<E>(groups: Map<string, Map<string, E>>, value: string, name: string, entry: E): void {
  const group = groups.get(value);
  if (group === undefined) groups.set(value, new Map([[name, entry]]));
  else group.set(name, entry);
}

function removeFrom<E>(groups: Map<string, Map<string, E>>, value: string, name: string): void {
  const group = groups.get(value);
  group?.delete(name);
  if (group?.size === 0) groups.delete(value);
}
