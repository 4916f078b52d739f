import type { GantryError } from '@gantry/core';
import { hasReached, type LifecycleState } from './lifecycle-state.ts';
import { andThen, call, cancelCall, cancelWait, move, stay, type Transition, wait } from './transition.ts';

/** How long a cancelled start may take to return, ms: longer than the usual timeout of an engine (30 s). */
const CANCEL_TIMEOUT_MS = 35_000;

/**
 * Forgets a task, with everything that it left: stops it unless it has ended, deletes it, and undoes its needs. Only a
 * call that may still create something is awaited before, for a limited time.
 */
export function remove(state: LifecycleState, graceMs: number): Transition {
  if (state.removal !== undefined) return stay(state);
  const removal = { graceMs: Math.min(graceMs, state.setup.stopGraceMs) };
  const stopped =
    state.stage === 'running' ? move(state, { removal }, { do: 'stop-checks' }) : stay({ ...state, removal });
  return andThen(andThen(stopped, cancelWait), (s) => {
    const kind = s.call?.kind;
    const cancelled = cancelCall(s, removal.graceMs);
    if (kind === 'prepare' || kind === 'ensure') return andThen(cancelled, (c) => wait(c, CANCEL_TIMEOUT_MS));
    return andThen(cancelled, (c) => nextRemoval({ ...c, call: undefined }));
  });
}

/** Continues a removal after each of its calls. */
export function nextRemoval(state: LifecycleState): Transition {
  const { removal, setup } = state;
  if (!hasReached(state, 'ended') && removal !== undefined && removal.graceMs > 0) {
    return call(state, { do: 'stop', graceMs: removal.graceMs }, { stage: 'terminating' });
  }
  if (!hasReached(state, 'deleting')) return call(state, { do: 'remove' }, { stage: 'deleting' });
  const from = state.stage === 'releasing' ? state.need : setup.needs.length;
  const need = state.held.findLast((index) => index < from);
  if (need !== undefined) return call(state, { do: 'undo', need }, { stage: 'releasing', need });
  return move(state, { stage: 'removed' }, { do: 'forget', error: state.error });
}

/** A failure does not end a removal: the remaining calls follow, and the first failure is reported. */
export function failedRemoval(state: LifecycleState, error: GantryError): Transition {
  const kind = state.stage === 'terminating' ? 'stop' : state.stage === 'deleting' ? 'remove' : 'undo';
  return andThen(move(state, { error: state.error ?? error }, { do: 'log', kind, error }), nextRemoval);
}
