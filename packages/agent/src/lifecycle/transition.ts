import { type CallKind, changed, type LifecycleState } from './lifecycle-state.ts';
import type { CallStep, LifecycleStep } from './lifecycle-step.ts';

/** The next state of a task, and what has to be done. */
export interface Transition {
  readonly state: LifecycleState;
  readonly steps: readonly LifecycleStep[];
}

const NO_STEPS: readonly LifecycleStep[] = Object.freeze([]);
const NO_CHANGE: Partial<LifecycleState> = Object.freeze({});

type WithoutId<Step> = Step extends CallStep ? Omit<Step, 'call'> : never;

/** Nothing has to be done. */
export function stay(state: LifecycleState): Transition {
  return { state, steps: NO_STEPS };
}

/** Changes the state, and does some steps. */
export function move(
  state: LifecycleState,
  change: Partial<LifecycleState>,
  ...steps: readonly LifecycleStep[]
): Transition {
  return { state: changed(state, change), steps };
}

/** Continues with the state after a transition. */
export function andThen(
  { state, steps }: Transition,
  continuation: (state: LifecycleState) => Transition,
): Transition {
  const following = continuation(state);
  if (steps.length === 0) return following;
  return { state: following.state, steps: [...steps, ...following.steps] };
}

/** Issues a call, and waits for its result. */
export function call(
  state: LifecycleState,
  step: WithoutId<CallStep>,
  change: Partial<LifecycleState> = NO_CHANGE,
): Transition {
  const id = state.ids + 1;
  const copy = changed(state, change);
  copy.ids = id;
  copy.call = { id, kind: step.do as CallKind };
  return { state: copy, steps: [{ ...step, call: id } as CallStep] };
}

/** Starts a timer. */
export function wait(
  state: LifecycleState,
  ms: number,
  change: Partial<LifecycleState> = NO_CHANGE,
): Transition {
  const timer = state.ids + 1;
  const copy = changed(state, change);
  copy.ids = timer;
  copy.timer = timer;
  return { state: copy, steps: [{ do: 'wait', timer, ms }] };
}

/** Gives up the pending call, if it is one that can be given up: its result is still awaited. */
export function cancelCall(state: LifecycleState, graceMs: number): Transition {
  const kind = state.call?.kind;
  return kind === 'check' || kind === 'ensure'
    ? move(state, {}, { do: 'cancel', kind, graceMs })
    : stay(state);
}

/** Cancels the timer, if one is running. */
export function cancelWait(state: LifecycleState): Transition {
  return state.timer === undefined ? stay(state) : move(state, { timer: undefined }, { do: 'cancel-wait' });
}
