import type { Entry, Outcome } from '@gantry/core';

/** A change whose value is text. */
export interface EncodedChange {
  readonly key: string;
  readonly text: string | undefined;
  readonly expect: number | 'absent' | undefined;
}

/** What is known of a key: the sequence of its last message, 0 if there is none. */
export interface Known {
  readonly present: boolean;
  readonly revision: number;
  /** Undefined also for an own write that did not come back yet. */
  readonly entry: Entry | undefined;
}

/** What to do about a change. */
export type Decision =
  /** Write it, if the last message of the key still has this sequence; undefined: in any case. */
  | { readonly kind: 'write'; readonly sequence: number | undefined }
  /** Nothing; that is the answer. */
  | { readonly kind: 'answer'; readonly outcome: Outcome }
  /** Look again when all is known that others have written. */
  | { readonly kind: 'look' };

const LOOK: Decision = { kind: 'look' };

/**
 * Decides from what is known of the key. What is only assumed is left to the server, which checks the sequence; what would
 * end without a write is answered only if `isFresh`: if everything is known that was written before.
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
