import type { LifecycleEvent } from '../../src/lifecycle/lifecycle-event.ts';
import type { LifecycleState } from '../../src/lifecycle/lifecycle-state.ts';
import type { CallStep, LifecycleStep } from '../../src/lifecycle/lifecycle-step.ts';
import { next } from '../../src/lifecycle/next.ts';
import type { Transition } from '../../src/lifecycle/transition.ts';
import type { Next } from './lifecycle-world.ts';

/** A broken lifecycle, and the problem by which the properties must find it. */
export interface Mutant {
  readonly name: string;
  readonly killedBy: RegExp;
  readonly next: Next;
}

const without = ({ state, steps }: Transition, ...kinds: readonly LifecycleStep['do'][]): Transition => ({
  state,
  steps: steps.filter((step) => !kinds.includes(step.do)),
});

/** A call with the next id, instead of the decided steps. */
const issue = (
  state: LifecycleState,
  step: Pick<CallStep, 'do'> & { readonly need?: number },
): Transition => {
  const id = state.ids + 1;
  const call = { graceMs: 0, need: 0, ...step, call: id } as CallStep;
  return { state: { ...state, ids: id, call: { id, kind: step.do } }, steps: [call] };
};

const mutant = (
  name: string,
  killedBy: RegExp,
  broken: (state: LifecycleState, event: LifecycleEvent) => Transition,
): Mutant => ({ name, killedBy, next: broken });

export const MUTANTS: readonly Mutant[] = [
  mutant('moves back to preparing when a running task exits', /moves back from running/, (state, event) =>
    event.type === 'exited' && state.stage === 'running'
      ? issue({ ...state, stage: 'preparing' }, { do: 'prepare' })
      : next(state, event),
  ),
  mutant('starts a task before its turn', /before its turn/, (state, event) =>
    next(
      state,
      event.type === 'assigned' && event.desired === 'prepared' ? { ...event, desired: 'running' } : event,
    ),
  ),
  mutant('promotes a task that is still wanted prepared', /before its turn/, (state, event) =>
    state.stage === 'waiting' && event.type === 'drained'
      ? next(state, { type: 'desired', desired: 'running' })
      : next(state, event),
  ),
  mutant('gives up a stop that has failed', /loses the failure of stop/, (state, event) =>
    event.type === 'failed' && state.stage === 'stopping' && event.call === state.call?.id
      ? { state: { ...state, call: undefined }, steps: [] }
      : next(state, event),
  ),
  mutant(
    'does not repeat a start that has failed',
    /loses the failure|does not come to an end|is .* and not ready/,
    (state, event) =>
      state.stage === 'preparing' ? without(next(state, event), 'wait') : next(state, event),
  ),
  mutant('forgets a need whose prepare has failed', /keeps needs|leaves needs/, (state, event) => {
    const after = next(state, event);
    if (event.type !== 'failed' || state.call?.kind !== 'prepare') return after;
    return {
      ...after,
      state: { ...after.state, held: after.state.held.filter((need) => need !== state.need) },
    };
  }),
  mutant('does not wait for a pending prepare when it is removed', /leaves needs/, (state, event) =>
    event.type === 'removed' && state.call?.kind === 'prepare'
      ? next({ ...state, call: undefined }, event)
      : next(state, event),
  ),
  mutant(
    'undoes needs in the order in which they were prepared',
    /undoes need \d before need/,
    (state, event) => {
      const after = next(state, event);
      const { held } = after.state;
      const [first] = held;
      if (
        state.stage === 'undoing' ||
        after.state.stage !== 'undoing' ||
        first === undefined ||
        held.length < 2
      )
        return after;
      return issue({ ...after.state, need: first, ids: state.ids }, { do: 'undo', need: first });
    },
  ),
  mutant('prepares the second need first', /before need \d is prepared/, (state, event) => {
    const after = next(state, event);
    return {
      state: after.state,
      steps: after.steps.map((step) =>
        step.do === 'prepare' && step.need === 0 ? { ...step, need: 1 } : step,
      ),
    };
  }),
  mutant('undoes the needs of a task before it has stopped', /of a running instance/, (state, event) =>
    event.type === 'succeeded' && state.stage === 'draining'
      ? next(state, event)
      : event.type === 'desired' &&
          event.desired === 'shutdown' &&
          state.stage === 'running' &&
          state.held[0] !== undefined
        ? issue(
            { ...state, stage: 'undoing', need: state.held[0], stop: { why: 'shutdown', message: '' } },
            { do: 'undo', need: state.held[0] },
          )
        : next(state, event),
  ),
  mutant(
    'starts a task that was told to stop while it was prepared',
    /calls ensure after a stop|was told to stop/,
    (state, event) => {
      const stop = state.stage === 'preparing' && event.type === 'succeeded' ? undefined : state.stop;
      return next({ ...state, stop }, event);
    },
  ),
  mutant(
    'starts a second instance when the first one exits',
    /calls ensure of a task that has run/,
    (state, event) =>
      event.type === 'exited' && state.stage === 'running'
        ? issue({ ...state, stage: 'stopping' }, { do: 'ensure' })
        : next(state, event),
  ),
  mutant('ensures again while a start is pending', /calls ensure concurrently/, (state, event) =>
    event.type === 'creating' && state.stage === 'creating' && state.call !== undefined
      ? issue(state, { do: 'ensure' })
      : next(state, event),
  ),
  mutant('is ready before its readiness check passes', /readiness check has not passed/, (state, event) => {
    const after = next(state, event);
    return {
      ...after,
      steps: after.steps.map((step) =>
        step.do === 'become' && step.state === 'running' ? { ...step, ready: true } : step,
      ),
    };
  }),
  mutant('is running before its startup check passes', /before its startup check/, (state, event) =>
    next({ ...state, setup: { ...state.setup, startupCheck: false } }, event),
  ),
  mutant('ends without a reason', /ends without a reason/, (state, event) => {
    const after = next(state, event);
    return {
      ...after,
      steps: after.steps.map((step) =>
        step.do === 'end' ? { ...step, status: { ...step.status, reason: undefined } } : step,
      ),
    };
  }),
  mutant('reports every end as a shutdown', /ends as shutdown, for no reason/, (state, event) => {
    const after = next(state, event);
    return {
      ...after,
      steps: after.steps.map((step) =>
        step.do === 'end' ? { ...step, status: { ...step.status, state: 'shutdown' as const } } : step,
      ),
    };
  }),
  mutant('never reports the end', /was told to stop, and is ended|is .* and not ready/, (state, event) =>
    without(next(state, event), 'end'),
  ),
  mutant('does steps for a removed task', /steps of a removed task/, (state, event) =>
    state.stage === 'removed' ? issue(state, { do: 'stop' }) : next(state, event),
  ),
  mutant('forgets a task that it has not deleted', /leaves an instance/, (state, event) =>
    event.type === 'removed' && state.stage === 'running'
      ? { state: { ...state, stage: 'removed' }, steps: [{ do: 'forget', error: undefined }] }
      : next(state, event),
  ),
  mutant('ends a removal with its first failure', /loses the failure|is not forgotten/, (state, event) =>
    event.type === 'failed' && state.stage === 'terminating' && event.call === state.call?.id
      ? { state: { ...state, call: undefined }, steps: [] }
      : next(state, event),
  ),
  mutant('does not stop a task whose start was cancelled too late', /has ended, and runs/, (state, event) => {
    if (event.type !== 'succeeded' || state.stage !== 'creating' || state.stop === undefined)
      return next(state, event);
    const status = { state: 'shutdown', reason: 'Stopped' } as const;
    return { state: { ...state, stage: 'ended', call: undefined, held: [] }, steps: [{ do: 'end', status }] };
  }),
];
