import { aborted, isGantryError, type Store, throwIfAborted } from '@gantry/core';
import type { Change, CommitOptions, Outcome } from '@gantry/core/contracts';

/** Maximum number of changes in one batch. */
const MAX_CHANGES = 5000;

interface Waiting {
  readonly changes: readonly Change[];
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

type Commit = Store['commit'];

/**
 * Joins commits that are made at the same moment into one. Controllers work on many objects at a time, and agents report
 * together: written one by one, every change would cost the store, each watcher and each view a turn of its own. Changes
 * are checked and answered individually, so it does not matter to a caller which others its changes are written with.
 * A key is written at most once in a batch; a commit that has to be refused does not affect the others.
 */
export class CommitBatcher {
  readonly #commit: Commit;
  #waiting: Waiting[] = [];
  #keys = new Set<string>();

  constructor(commit: Commit) {
    this.#commit = commit;
  }

  /** As `Store.commit`, without a fence. */
  async commit(changes: readonly Change[], { signal }: CommitOptions = {}): Promise<readonly Outcome[]> {
    throwIfAborted(signal);
    if (changes.length >= MAX_CHANGES) {
      this.#flush(); // so that what was committed before is written before
      return await this.#commit(changes, { signal });
    }
    if (this.#keys.size + changes.length > MAX_CHANGES || changes.some(({ key }) => this.#keys.has(key)))
      this.#flush();
    for (const { key } of changes) this.#keys.add(key);
    return await new Promise((resolve, reject) => {
      if (this.#waiting.push({ changes, signal, resolve, reject }) > 1) return;
      const batch = this.#waiting;
      queueMicrotask(() => {
        if (this.#waiting === batch) this.#flush();
      });
    });
  }

  #flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#keys = new Set();
    if (batch.length > 1) void this.#together(batch);
    else for (const waiting of batch) this.#alone(waiting);
  }

  #alone({ changes, signal, resolve, reject }: Waiting): void {
    this.#commit(changes, { signal }).then(resolve, reject);
  }

  async #together(batch: readonly Waiting[]): Promise<void> {
    const release = rejectOnAbort(batch);
    try {
      const outcomes = await this.#commit(batch.flatMap(({ changes }) => changes));
      let from = 0;
      for (const { changes, resolve } of batch) {
        resolve(outcomes.slice(from, from + changes.length));
        from += changes.length;
      }
    } catch (error) {
      if (isOfOneChange(error)) for (const waiting of batch) this.#alone(waiting);
      else for (const { reject } of batch) reject(error);
    } finally {
      release();
    }
  }
}

/** Rejects each commit of a batch as soon as its signal fires; most of them share one. Returns a function that ends this. */
function rejectOnAbort(batch: readonly Waiting[]): () => void {
  const listeners = new Map<AbortSignal, () => void>();
  for (const { signal } of batch) {
    if (signal === undefined || listeners.has(signal)) continue;
    const onAbort = (): void => {
      for (const waiting of batch) if (waiting.signal === signal) waiting.reject(aborted(signal));
    };
    listeners.set(signal, onAbort);
    signal.addEventListener('abort', onAbort, { once: true });
  }
  return () => {
    for (const [signal, onAbort] of listeners) signal.removeEventListener('abort', onAbort);
  };
}

/** Whether one of several changes may be the cause of an error, and the others may succeed on their own. */
function isOfOneChange(error: unknown): boolean {
  return (
    !isGantryError(error) || isGantryError(error, 'INVALID_OBJECT', 'FORBIDDEN', 'EXHAUSTED', 'INTERNAL')
  );
}
