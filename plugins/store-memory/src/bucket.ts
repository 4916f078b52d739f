import type { Entry, StoreEvent } from '@gantry/core';
import type { Watcher } from './watcher.ts';

/** The keys that share their first segment: lists and watches of one kind never look at another. */
export class Bucket {
  /** `tasks/`; `''` for the keys of one segment only. */
  readonly name: string;
  readonly entries = new Map<string, Entry>();
  /** Those whose prefix lies within this bucket. */
  readonly watchers = new Set<Watcher>();
  /** What the commit that is being written has changed here so far; kept only while somebody watches. */
  written: StoreEvent[] = [];

  /** Sorted, but may lack what is in `#added` and still hold what was deleted. */
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

  /** Sorts on demand: only what is new is sorted, then merged. */
  #keys(): readonly string[] {
    if (this.#added.length === 0 && !this.#deleted) return this.#sorted;
    this.#added.sort(byCodeUnit);
    this.#sorted = merge(this.#sorted, this.#added, this.entries);
    this.#added = [];
    this.#deleted = false;
    return this.#sorted;
  }
}

/** The order of keys. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Both lists in one, without doubles and without what is not in `alive` (deleted, or deleted and put again). */
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
