/** What a store holds: JSON, immutable once committed. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** A stored value under its key, with the revision of the write that put it there. */
export interface Entry<T = unknown> {
  readonly key: string;
  readonly value: T;
  readonly revision: number;
}

/** A put (the new entry) or, where `value` is undefined, a delete; `revision` is that of the write. */
export interface StoreEvent<T = unknown> {
  readonly key: string;
  readonly value: T | undefined;
  readonly revision: number;
}

/** One write. */
export interface Change<T = unknown> {
  readonly key: string;
  /** The new value; `undefined` deletes the key (deleting an absent key succeeds). */
  readonly value: T | undefined;
  /** The write is done only if the key still has this revision, or is absent; without it, always. */
  readonly expect?: number | 'absent' | undefined;
}

/** What became of one change: its revision, or the entry that stood in its way (`undefined`: the key is absent). */
export type Outcome<T = unknown> =
  | { readonly ok: true; readonly revision: number }
  | { readonly ok: false; readonly current: Entry<T> | undefined };

export interface Listing<T = unknown> {
  /** Sorted by key (UTF-16 code units). */
  readonly entries: readonly Entry<T>[];
  /** The state of the store that `entries` shows; watch `since` it and no event is missed or seen twice. */
  readonly revision: number;
}

/**
 * The truth of a cluster: a sorted map with revisions. A revision is a positive integer that grows with every write of
 * the store, so all writes have one order. Only single-key compare-and-set is promised: the changes of one commit are
 * checked and answered each by itself, because that is what every store can do.
 *
 * A typical use: `list` a prefix, keep the entries in a cache, `watch` since the listing's revision, apply each event to
 * the cache; on `COMPACTED`, list again. To write, `commit` with `expect` set to the revision that was read; where the
 * outcome is not ok, look at `current` and decide anew.
 *
 * Values are handed out shared and frozen or as fresh copies; either way nobody mutates one. Keys are non-empty strings
 * of `/`-separated segments, each of `[A-Za-z0-9._-]+`.
 *
 * @throws `UNAVAILABLE` or `TIMEOUT` when the engine cannot be reached, `CLOSED` after dispose, `ABORTED` on a fired
 * signal, `TypeError` for a malformed key or a value that is not JSON.
 */
export interface Store {
  readonly supports: {
    /** What was committed outlives the process that holds it. */
    readonly durable: boolean;
  };
  get(key: string, options?: { signal?: AbortSignal }): Promise<Entry | undefined>;
  /** All entries whose key starts with `prefix` (`''`: all). */
  list(prefix: string, options?: { signal?: AbortSignal }): Promise<Listing>;
  /** Writes in the given order; `outcomes[i]` answers `changes[i]`. A failed expectation does not stop the rest. */
  commit(changes: readonly Change[], options?: { signal?: AbortSignal }): Promise<readonly Outcome[]>;
  /**
   * Every event under `prefix` with a revision above `since`, in order, each exactly once, in batches that are never
   * empty. Ends (without error) when the signal fires or the store is disposed.
   *
   * @throws `COMPACTED` when the events since then are no longer known.
   */
  watch(
    prefix: string,
    options: { since: number; signal: AbortSignal },
  ): AsyncIterable<readonly StoreEvent[]>;
}
