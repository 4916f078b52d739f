import { type Clock, isGantryError, type Random } from '@gantry/core';
import type { ReconcileResult } from '@gantry/core/contracts';
import { LoopTurn } from '@gantry/core/primitives';

export interface KeyedQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Keys worked on at the same time. */
  readonly concurrency: number;
  readonly run: (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined>;
  readonly onError: (key: string, error: unknown, retryInMs: number) => void;
}

const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 30_000;
/** After an outage of the store, or a full disk, keys run again within a few seconds. */
const MAX_OUTAGE_RETRY_MS = 4000;

/**
 * Keyed work queue. A queued key is not added again; runs of a key never overlap; a key that is added during its run is
 * run once more; a failed run is retried with exponential backoff. An endless sequence of runs does not block the event
 * loop. Compare the work queue of Kubernetes' client-go.
 */
export class KeyedQueue {
  readonly #options: KeyedQueueOptions;
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #later = new Map<string, { at: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #stop = new AbortController();
  #scheduled = false;
  readonly #turn: LoopTurn;
  /** Ends the wait for the next turn of the event loop. */
  #cancelNext: (() => void) | undefined;

  constructor(options: KeyedQueueOptions) {
    this.#options = options;
    this.#turn = new LoopTurn(options.clock);
  }

  add(key: string): void {
    if (this.#stop.signal.aborted) return;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#ready.add(key);
    this.#pump();
  }

  /** Adds the key after a delay, unless it is due earlier anyway. */
  addAfter(key: string, ms: number): void {
    if (this.#stop.signal.aborted) return;
    const at = this.#options.clock.elapsed() + ms;
    const known = this.#later.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#options.clock.after(ms, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { at, cancel });
  }

  /** Stops accepting keys, aborts the current runs, and waits for them. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const { cancel } of this.#later.values()) cancel();
    this.#later.clear();
    this.#turn[Symbol.dispose]();
    this.#cancelNext?.();
    this.#ready.clear();
    await Promise.all(this.#running.values());
  }

  /** Starts work in a separate microtask, so that a burst of adds is handled at once. */
  #pump(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#turn.isOver) this.#cancelNext = this.#options.clock.after(0, () => this.#begin());
    else queueMicrotask(() => this.#begin());
  }

  #begin(): void {
    this.#scheduled = false;
    for (const key of this.#ready) {
      if (this.#running.size >= this.#options.concurrency) return;
      this.#ready.delete(key);
      // Starts a moment later, so that a run that immediately adds its own key, or throws, is already listed as
      // running.
      const run = Promise.resolve().then(() => this.#work(key));
      this.#running.set(key, run);
    }
  }

  async #work(key: string): Promise<void> {
    try {
      const result = await this.#options.run(key, this.#stop.signal);
      this.#failures.delete(key);
      if (result?.againAfterMs !== undefined) this.addAfter(key, result.againAfterMs);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#retry(key, error);
    } finally {
      this.#running.delete(key);
      if (this.#again.delete(key)) this.#ready.add(key);
      if (!this.#stop.signal.aborted && this.#ready.size > 0) this.#pump();
    }
  }

  #retry(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const jitter = 0.5 + this.#options.random.next();
    const outage = isGantryError(error, 'UNAVAILABLE', 'TIMEOUT', 'EXHAUSTED');
    const wait =
      Math.min(outage ? MAX_OUTAGE_RETRY_MS : MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)) * jitter;
    this.#options.onError(key, error, wait);
    this.addAfter(key, wait);
  }
}
