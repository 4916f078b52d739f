import type { Kind } from '../model/kind-map.ts';
import type { ViewEvent } from './views.ts';

/** Result of a reconcile: instructions to its queue. */
export interface ReconcileResult {
  /** Run again after this delay even without an event, ms. */
  readonly againAfterMs?: number | undefined;
}

/**
 * Moves one kind of thing from its actual to its desired state. The queue calls `reconcile(key)` for every key that an
 * event concerns. Runs for one key never overlap. A run that throws is retried with backoff. Events that arrive during
 * a run lead to one further run. A controller reads from {@link Views} and writes through the store.
 */
export interface Controller {
  /** Shown in logs and metrics. */
  readonly name: string;
  /** Kinds whose changes lead to `keysFor`. */
  readonly watches: readonly Kind[];
  /** The keys an event concerns. Called for every event: cheap, no I/O. */
  keysFor(event: ViewEvent): readonly string[];
  /** Moves what the key names one step towards its desired state. @throws anything to be retried with backoff. */
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined>;
}
