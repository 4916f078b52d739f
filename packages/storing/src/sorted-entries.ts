import type { Entry } from '@gantry/core/contracts';

/**
 * Entries by key, and in the order of their keys: a map that sorts only on listing, and then only the added keys.
 * Entries are partitioned by the first segment of their keys, so that listing one kind costs nothing for the others.
 */
export class SortedEntries {
  readonly #buckets = new Map<string, Bucket>();
  #last: Bucket = new Bucket('');

  constructor() {
    this.#buckets.set('', this.#last);
  }

  get(key: string): Entry | undefined {
    return this.#bucketOf(key)?.entries.get(key);
  }

  put(entry: Entry): void {
    const bucket = this.#bucketOf(entry.key) ?? this.#add(entry.key);
    bucket.put(entry);
  }

  delete(key: string): void {
    this.#bucketOf(key)?.delete(key);
  }

  clear(): void {
    this.#last = new Bucket('');
    this.#buckets.clear();
    this.#buckets.set('', this.#last);
  }

  /** All whose key starts with the prefix, sorted by key. */
  list(prefix: string): Entry[] {
    const entries: Entry[] = [];
    const narrow = prefix.indexOf('/') + 1;
    if (narrow > 0) {
      this.#buckets.get(prefix.slice(0, narrow))?.collect(prefix, entries);
      return entries;
    }
    for (const bucket of this.#buckets.values()) {
      if (bucket.name === '' || bucket.name.startsWith(prefix)) bucket.collect(prefix, entries);
    }
    return entries.sort((a, b) => byCodeUnit(a.key, b.key));
  }

  #bucketOf(key: string): Bucket | undefined {
    const last = this.#last;
    if (last.name !== '' && key.startsWith(last.name)) return last;
    const bucket = this.#buckets.get(key.slice(0, key.indexOf('/') + 1));
    if (bucket !== undefined) this.#last = bucket;
    return bucket;
  }

  #add(key: string): Bucket {
    const bucket = new Bucket(key.slice(0, key.indexOf('/') + 1));
    this.#buckets.set(bucket.name, bucket);
    return bucket;
  }
}

/** The entries whose keys share their first segment. */
class Bucket {
  /** `tasks/`; `''` for the keys of one segment only. */
  readonly name: string;
  readonly entries = new Map<string, Entry>();
  /** May lack the keys in `#added` and still contain deleted ones. */
  #sorted: string[] = [];
  #added: string[] = [];
  #deleted = false;

  constructor(name: string) {
    this.name = name;
  }

  put(entry: Entry): void {
    const size = this.entries.size;
    this.entries.set(entry.key, entry);
    if (this.entries.size !== size) this.#added.push(entry.key);
  }

  delete(key: string): void {
    if (this.entries.delete(key)) this.#deleted = true;
  }

  /** Adds the entries under the prefix to `found`, in the order of their keys. */
  collect(prefix: string, found: Entry[]): void {
    const keys = this.#keys();
    const start = prefix.length <= this.name.length ? 0 : lowerBound(keys, prefix);
    for (let index = start; index < keys.length; index++) {
      const key = keys[index] as string;
      if (!key.startsWith(prefix)) {
        if (key > prefix) return;
        continue;
      }
      found.push(this.entries.get(key) as Entry);
    }
  }

  /** Sorts on demand: only the added keys are sorted, then merged. */
  #keys(): readonly string[] {
    if (this.#added.length === 0 && !this.#deleted) return this.#sorted;
    this.#added.sort(byCodeUnit);
    this.#sorted = merge(this.#sorted, this.#added, this.entries);
    this.#added = [];
    this.#deleted = false;
    return this.#sorted;
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Merges both lists, without duplicates and without keys missing from `alive` (deleted, or deleted and put again). */
function merge(a: readonly string[], b: readonly string[], alive: ReadonlyMap<string, unknown>): string[] {
  const merged: string[] = [];
  let last: string | undefined;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const fromA = j >= b.length || (i < a.length && (a[i] as string) <= (b[j] as string));
    const key = (fromA ? a[i++] : b[j++]) as string;
    if (key !== last && alive.has(key)) merged.push(key);
    last = key;
  }
  return merged;
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
