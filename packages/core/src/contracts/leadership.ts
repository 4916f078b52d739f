import type { GantryError } from '../errors.ts';
import type { Fence } from './store.ts';

/** A time in which this process leads its cluster. */
export interface Term {
  /** Grows from one term of the cluster to the next. */
  readonly number: number;
  /** Stands until the next term begins, wherever. */
  readonly fence: Fence;
  /** Fires when the term has ended. */
  readonly signal: AbortSignal;
  /**
   * Whether the term goes on at this moment, by this process's own clock. It is false before any other may begin to lead,
   * also where the process was halted and nothing else could tell it.
   */
  holds(): boolean;
  /** Ends it early: what is to be led cannot be led from here, or another leader was met. */
  end(reason: GantryError): void;
}

/**
 * Decides which of the processes of one control plane acts. Without a plugin for it a process leads from its start to its
 * end. What a leader does (`leader` contracts) is given a store whose commits carry the fence of the term, and a bus that
 * answers nobody once the term is over.
 */
export interface Leadership {
  /** Who leads, as far as is known here: the identity of a process. */
  readonly leader: string | undefined;
  /** Of this process. */
  readonly identity: string;
  /**
   * Tries to lead until the signal fires, and calls `lead` for each term that is won. A term ends when `lead` returns or
   * throws, or when it is lost: then `lead` is waited for before the next try.
   */
  campaign(lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void>;
}
