import type { LifecycleEvent } from './lifecycle-event.ts';
import { hasReached, type LifecycleState } from './lifecycle-state.ts';
import type { LifecycleStep } from './lifecycle-step.ts';
import { failedRemoval, nextRemoval, remove } from './removal.ts';
import { checked, exited, healthReported, isRunning } from './running.ts';
import { advance, begin, clearRetry, promote, reject, retry, retryNow } from './starting.ts';
import { examined, nextUndo, requestStop, stopFailed, stopNow, undo } from './stopping.ts';
import { andThen, cancelWait, move, stay, type Transition } from './transition.ts';

/**
 * Decides what becomes of a task after an event: its next state, and the steps that bring that about. A pure function:
 * the same state and event give the same result, and nothing is done yet. At most one call is pending at a time, except
 * that a removal does not wait for a call that it makes pointless.
 */
export function next(state: LifecycleState, event: LifecycleEvent): Transition {
  if (hasReached(state, 'removed')) return stay(state);
  switch (event.type) {
    case 'assigned':
      return begin(state, event);
    case 'desired':
      if (event.desired === 'shutdown') return requestStop(state, 'shutdown', '');
      return event.desired === 'running' ? promote(state) : stay(state);
    case 'drained':
      return drained(state);
    case 'succeeded':
      if (event.call !== state.call?.id) return stay(state);
      return succeeded({ ...state, call: undefined }, event);
    case 'failed':
      if (event.call !== state.call?.id) return stay(state);
      return failed({ ...state, call: undefined }, event);
    case 'elapsed':
      return event.timer === state.timer ? elapsed({ ...state, timer: undefined }) : stay(state);
    case 'creating':
      return state.stage === 'creating' && state.stop === undefined && state.removal === undefined
        ? move(state, {}, { do: 'enter', state: 'starting' })
        : stay(state);
    case 'exited':
      return exited(state, event.exit);
    case 'health':
      return healthReported(state, event);
    case 'checked':
      return checked(state, event);
    case 'removed':
      return remove(state, event.graceMs);
    case 'abandoned':
      return abandon(state);
  }
}

function succeeded(
  state: LifecycleState,
  { ensured = {}, lastLine }: Extract<LifecycleEvent, { type: 'succeeded' }>,
): Transition {
  switch (state.stage) {
    case 'checking':
    case 'preparing':
    case 'creating': {
      if (state.stage !== 'creating') {
        const advanced = (s: LifecycleState) => advance({ ...s, need: s.need + 1 });
        return interruption(state) ?? andThen(clearRetry(state), advanced);
      }
      const started = { ...state, started: true, exit: ensured.exit };
      return interruption(started) ?? andThen(clearRetry(started), (s) => isRunning(s, ensured));
    }
    case 'stopping':
      return undo({ ...state, failures: 0 });
    case 'examining':
      return examined(state, lastLine);
    case 'discarding':
      return undo(state);
    case 'undoing':
      return nextUndo({ ...state, held: state.held.filter((need) => need !== state.need) });
    case 'terminating':
    case 'deleting':
    case 'releasing':
      return nextRemoval(
        state.stage === 'releasing'
          ? { ...state, held: state.held.filter((need) => need !== state.need) }
          : state,
      );
    default:
      return stay(state);
  }
}

function failed(
  state: LifecycleState,
  { error, now }: Extract<LifecycleEvent, { type: 'failed' }>,
): Transition {
  switch (state.stage) {
    case 'checking':
    case 'preparing':
    case 'creating':
      return interruption(state) ?? retry(state, error, now) ?? reject(state, error);
    case 'stopping':
      return stopFailed(state, error, now);
    case 'examining':
      return examined(state, undefined);
    case 'discarding':
      return andThen(move(state, {}, { do: 'log', kind: 'remove', error }), undo);
    case 'undoing':
      return andThen(move(state, {}, { do: 'log', kind: 'undo', error }), nextUndo);
    case 'terminating':
    case 'deleting':
    case 'releasing':
      return failedRemoval(state, error);
    default:
      return stay(state);
  }
}

function elapsed(state: LifecycleState): Transition {
  if (state.removal !== undefined) return nextRemoval({ ...state, call: undefined });
  if (state.stage === 'draining') return stopNow(state);
  return retryNow(state);
}

/** A start that is no longer wanted ends here, however its last call ended. */
function interruption(state: LifecycleState): Transition | undefined {
  if (state.removal !== undefined) return andThen(cancelWait(state), nextRemoval);
  if (state.stop !== undefined) return stopNow(state);
  return undefined;
}

function drained(state: LifecycleState): Transition {
  if (state.drained || state.stage !== 'draining') return stay({ ...state, drained: true });
  return andThen(cancelWait({ ...state, drained: true }), stopNow);
}

function abandon(state: LifecycleState): Transition {
  const steps: LifecycleStep[] = [
    { do: 'stop-checks' },
    { do: 'cancel', kind: 'check', graceMs: 0 },
    ...(state.removal === undefined ? [] : [{ do: 'forget', error: state.error } as const]),
  ];
  return andThen(cancelWait(state), (s) => move(s, { stage: 'abandoned', call: undefined }, ...steps));
}
