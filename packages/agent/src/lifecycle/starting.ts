import type { GantryError } from '@gantry/core';
import { PREPARED, rejection, retryProblem } from '../problem.ts';
import type { LifecycleEvent } from './lifecycle-event.ts';
import type { LifecycleState } from './lifecycle-state.ts';
import type { LifecycleStep } from './lifecycle-step.ts';
import { isTransient, retryDelayMs } from './retry-delay.ts';
import { stopNow } from './stopping.ts';
import { andThen, call, cancelWait, move, stay, type Transition, wait } from './transition.ts';

const KINDS = Object.freeze({ checking: 'check', preparing: 'prepare', creating: 'ensure' });

/** Takes on a task: its needs are checked first if its turn has not come, or prepared at once. */
export function begin(
  state: LifecycleState,
  { desired, refusal, adopted }: Extract<LifecycleEvent, { type: 'assigned' }>,
): Transition {
  if (state.stage !== 'new') return stay(state);
  if (refusal !== undefined) {
    const status = { state: 'rejected', reason: 'Unsupported', message: refusal } as const;
    return move(state, { stage: 'ended' }, { do: 'end', status });
  }
  if (desired === 'shutdown') return stopNow({ ...state, stop: { why: 'shutdown', message: '' } });
  const promoted = desired !== 'prepared';
  const stage = promoted ? 'preparing' : 'checking';
  return andThen(move(state, { adopted, promoted, stage }, { do: 'enter', state: 'preparing' }), advance);
}

/** The turn of a task has come. */
export function promote(state: LifecycleState): Transition {
  if (state.promoted) return stay(state);
  const promoted = { ...state, promoted: true };
  if (state.stage !== 'waiting') return stay(promoted);
  return andThen(move(promoted, {}, { do: 'note', problem: undefined, report: 'later' }), prepare);
}

/** Goes on with the need at `need`, or with the next stage if there is none. */
export function advance(state: LifecycleState): Transition {
  const { needs } = state.setup;
  if (state.stage === 'checking') {
    const need = needs.findIndex(({ checks }, index) => index >= state.need && checks);
    if (need >= 0) return call(state, { do: 'check', need }, { need });
    if (state.promoted) return prepare(state);
    return move(state, { stage: 'waiting' }, { do: 'note', problem: PREPARED, report: 'now' });
  }
  const need = needs.findIndex(({ prepares }, index) => index >= state.need && prepares);
  if (need < 0) return call(state, { do: 'ensure' }, { stage: 'creating' });
  // Held from now on: a call that fails may have had its effect.
  const held = state.held.includes(need) ? state.held : state.held.concat(need);
  return call(state, { do: 'prepare', need }, { need, held });
}

function prepare(state: LifecycleState): Transition {
  return advance({ ...state, stage: 'preparing', need: 0 });
}

/** Repeats the call of this stage later if it may succeed then. */
export function retry(state: LifecycleState, error: GantryError, now: number): Transition | undefined {
  if (!isTransient(error)) return undefined;
  const failures = state.failures + 1;
  const ms = retryDelayMs(failures);
  const { task, setup } = state;
  const reason =
    state.stage === 'creating'
      ? 'RuntimeUnavailable'
      : (setup.needs[state.need]?.retryReason ?? 'RuntimeUnavailable');
  const problem = retryProblem(task, error, { reason, retryAt: now + ms });
  const kind = KINDS[state.stage as keyof typeof KINDS];
  const steps: LifecycleStep[] = [
    { do: 'log', kind, error, retryInMs: ms },
    { do: 'note', problem, report: 'soon' },
  ];
  return andThen(move(state, { failures }, ...steps), (s) => wait(s, ms));
}

/** Repeats the call of this stage now. */
export function retryNow(state: LifecycleState): Transition {
  switch (state.stage) {
    case 'checking':
    case 'preparing':
      return advance(state);
    case 'creating':
      return call(state, { do: 'ensure' });
    case 'stopping':
      return call(state, { do: 'stop', graceMs: state.setup.stopGraceMs });
    default:
      return stay(state);
  }
}

/** A call has succeeded after failures: nothing is in the way of the task. */
export function clearRetry(state: LifecycleState): Transition {
  if (state.failures === 0) return stay(state);
  return move(state, { failures: 0 }, { do: 'note', problem: undefined, report: 'later' });
}

/** The node cannot run the task: what the failed start has left is removed first. */
export function reject(state: LifecycleState, error: GantryError): Transition {
  const rejected = { ...state, rejection: rejection(state.task, error) };
  return andThen(cancelWait(rejected), (s) => call(s, { do: 'remove' }, { stage: 'discarding' }));
}
