import type { Kind } from '../model/kinds.ts';
import type { ViewEvent } from './views.ts';

/** What a reconcile asks of its queue. */
export interface ReconcileResult {
  /** Run again after this time even if nothing happens, ms. */
  readonly againAfterMs?: number | undefined;
}

/**
 * Brings one kind of thing from what is to what should be. The queue calls `reconcile(key)` for every key an event
 * concerns, never twice at a time for one key, again with backoff when it throws; events that arrive meanwhile lead to
 * one more run. It reads from {@link Views} and writes through the store.
 */
export interface Controller {
  readonly name: string;
  readonly watches: readonly Kind[];
  /** The keys an event concerns. Called for every event: cheap, no I/O. */
  keysFor(event: ViewEvent): readonly string[];
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined>;
}
