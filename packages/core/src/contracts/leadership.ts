import type { GantryError } from '../errors.ts';
import type { Fence } from './store.ts';

/** A period during which this process leads its cluster. */
export interface Term {
  /** Grows from one term of the cluster to the next. */
  readonly number: number;
  /** Valid until the next term begins, in any process. */
  readonly fence: Fence;
  /** Fires when the term has ended. */
  readonly signal: AbortSignal;
  /**
   * Whether the term is still held at this moment, by this process's own clock. Becomes false before any other process
   * may begin to lead, even if this process was halted and could not be notified in any other way.
   */
  holds(): boolean;
  /** Ends the term early: this process cannot run the leader components, or has met another leader. */
  end(reason: GantryError): void;
}

/**
 * Decides which process of a control plane acts. Without a leadership plugin, a process leads from its start to its
 * end. Leader components (`leader` contracts) receive a store whose commits carry the fence of the term, and a bus that
 * answers no requests once the term is over.
 */
export interface Leadership {
  /** Identity of the current leader, as last known to this process. */
  readonly leader: string | undefined;
  /** Identity of this process. */
  readonly identity: string;
  /**
   * Campaigns for leadership until the signal fires, and calls `lead` for each term won. A term ends when `lead`
   * returns or throws, or when leadership is lost. In the latter case the next attempt starts only after `lead`
   * has settled.
   */
  campaign(lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void>;
}
