/** A value of a store: JSON, immutable once committed. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** A stored value under its key, with the revision of the write that put it there. */
export interface Entry<T = unknown> {
  /** Key of the value. */
  readonly key: string;
  /** The stored value. Must not be mutated. */
  readonly value: T;
  /** Revision of the write that stored the value. */
  readonly revision: number;
}

/** A put (the new entry) or, where `value` is undefined, a delete; `revision` is that of the write. */
export interface StoreEvent<T = unknown> {
  /** Key that was written. */
  readonly key: string;
  /** The new value; undefined for a delete. */
  readonly value: T | undefined;
  /** Revision of the write. */
  readonly revision: number;
}

/** One write. */
export interface Change<T = unknown> {
  /** Key to write. */
  readonly key: string;
  /** The new value; `undefined` deletes the key (deleting an absent key succeeds). */
  readonly value: T | undefined;
  /** Write only if the key still has this revision, or is absent (default: write unconditionally). */
  readonly expect?: number | 'absent' | undefined;
}

/** Result of one change: its revision, or the conflicting entry (`undefined`: the key is absent). */
export type Outcome<T = unknown> =
  | {
      /** Whether the change was written. */
      readonly ok: true;
      /** Revision of the write. */
      readonly revision: number;
    }
  | {
      /** Whether the change was written. */
      readonly ok: false;
      /** The entry that did not meet the expectation; undefined if the key is absent. */
      readonly current: Entry<T> | undefined;
    };

/** The entries under a prefix, as of one revision. */
export interface Listing<T = unknown> {
  /** Sorted by key (UTF-16 code units). */
  readonly entries: readonly Entry<T>[];
  /** The state of the store that `entries` shows; watch `since` it and no event is missed or seen twice. */
  readonly revision: number;
}

/** An entry that a commit depends on. Other processes change its key to shut the committer out. */
export interface Fence {
  /** Key of the entry. */
  readonly key: string;
  /** Revision that the entry must still have. */
  readonly revision: number;
}

/** Options of `commit`. */
export interface CommitOptions {
  /** Ends the call with `ABORTED`; the commit may still be carried out. */
  readonly signal?: AbortSignal | undefined;
  /** Nothing of the commit is written unless the entry of this key still has this revision. */
  readonly fence?: Fence | undefined;
}

/** What a store can do beyond what every store does. */
export interface StoreSupport {
  /** Whether committed writes outlive the process. */
  readonly durable: boolean;
  /** Commits may have a fence, which is checked in one step with the writes. */
  readonly fencing: boolean;
  /** The longest value, in bytes of its JSON; `Infinity` where only memory bounds it. */
  readonly maxValueBytes: number;
}

/**
 * The truth of a cluster: a sorted map with revisions. A revision is a positive integer. Each commit that writes has
 * larger ones than every commit before it, so all writes have one order; within a commit they do not shrink, and the
 * writes of different keys may share one. Only single-key compare-and-set is promised: the changes of one commit are
 * checked and answered individually, because that is what every store can do.
 *
 * A typical use: `list` a prefix, keep the entries in a cache, `watch` since the listing's revision, apply each event to
 * the cache; on `COMPACTED`, list again. To write, `commit` with `expect` set to the revision that was read; where the
 * outcome is not ok, look at `current` and decide again.
 *
 * Values are handed out shared and frozen or as fresh copies; either way they must not be mutated. Keys are non-empty
 * strings of `/`-separated segments, each of `[A-Za-z0-9._-]+`, of at most 512 characters.
 *
 * While the engine is unavailable, calls fail and watches deliver nothing; watches resume automatically when it is
 * back. After `UNAVAILABLE` nothing was written; after `TIMEOUT` or `ABORTED` the outcome is unknown and the commit may
 * be partial: re-read before writing again. The store itself never carries out a commit twice.
 *
 * @throws `UNAVAILABLE` or `TIMEOUT` when the engine cannot be reached or does not answer, `FENCED` when the fence of a
 * commit has changed, `UNSUPPORTED` for a fence where `supports.fencing` is false, `INVALID_OBJECT` for a value longer
 * than `supports.maxValueBytes`, `UNAUTHENTICATED` or `FORBIDDEN` when the engine denies access, `EXHAUSTED` when it
 * has no space left, `CLOSED` after dispose, `ABORTED` on a fired signal, `TypeError` for a malformed key or a value
 * that is not JSON. With `UNSUPPORTED`, `INVALID_OBJECT`, `CLOSED`, a `TypeError`, or a signal that had fired before,
 * nothing of the commit is written; with `FENCED`, nothing after the fence has changed; with
 * `EXHAUSTED` and `FORBIDDEN`, some of its changes may have been written, as after `TIMEOUT`.
 */
export interface Store {
  /** What this store can do; constant. */
  readonly supports: StoreSupport;
  /** Returns the entry of a key, or undefined if it is absent. */
  get(key: string, options?: { signal?: AbortSignal | undefined }): Promise<Entry | undefined>;
  /** All entries whose key starts with `prefix` (`''`: all), as they were at one revision. */
  list(prefix: string, options?: { signal?: AbortSignal | undefined }): Promise<Listing>;
  /** Writes in the given order; `outcomes[i]` answers `changes[i]`. A failed expectation does not stop the rest. */
  commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]>;
  /**
   * Every event under `prefix` with a revision above `since`, in order, each once, in batches that are never empty; all
   * events of one revision come in one batch. A lagging watch may skip a write that a later write to the same key has
   * superseded, but never the latest one. Ends (without error) when the signal fires or the store is disposed.
   *
   * @throws `COMPACTED` when the events since then are no longer known.
   */
  watch(
    prefix: string,
    options: { since: number; signal: AbortSignal },
  ): AsyncIterable<readonly StoreEvent[]>;
}
