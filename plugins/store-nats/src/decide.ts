import type { Entry, Outcome } from '@gantry/core/contracts';

/** A change whose value is text. */
export interface EncodedChange {
  readonly key: string;
  readonly text: string | undefined;
  readonly expect: number | 'absent' | undefined;
}

/** The known state of a key: the sequence of its last message, 0 if there is none. */
export interface Known {
  readonly present: boolean;
  readonly revision: number;
  /** Undefined also for a write of this store that has not come back yet. */
  readonly entry: Entry | undefined;
}

/** How to proceed with a change. */
export type Decision =
  /** Write it, if the last message of the key still has this sequence; undefined: unconditionally. */
  | { readonly kind: 'write'; readonly sequence: number | undefined }
  /** Write nothing; this is the outcome. */
  | { readonly kind: 'answer'; readonly outcome: Outcome }
  /** Decide again once everything that others have written is known. */
  | { readonly kind: 'look' };

const LOOK: Decision = { kind: 'look' };

/**
 * Decides from the known state of the key. Assumptions are left to the server, which checks the sequence; an outcome
 * without a write is returned only if `isFresh`, that is, if everything written before is known.
 */
export function decide(
  { text, expect }: EncodedChange,
  { present, revision, entry }: Known,
  isFresh: boolean,
  storeRevision: number,
): Decision {
  const refused = (): Decision => {
    if (!isFresh || (present && entry === undefined)) return LOOK;
    return { kind: 'answer', outcome: { ok: false, current: entry } };
  };
  const nothingToDelete = (): Decision =>
    isFresh ? { kind: 'answer', outcome: { ok: true, revision: storeRevision } } : LOOK;
  if (expect === undefined)
    return text === undefined && !present ? nothingToDelete() : { kind: 'write', sequence: undefined };
  if (expect !== 'absent')
    return present && expect === revision ? { kind: 'write', sequence: revision } : refused();
  if (present) return refused();
  return text === undefined ? nothingToDelete() : { kind: 'write', sequence: revision };
}
