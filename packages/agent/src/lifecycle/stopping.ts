import type { GantryError } from '@gantry/core';
import { exitStatus, type Problem, retryProblem } from '../problem.ts';
import { hasReached, type LifecycleState } from './lifecycle-state.ts';
import type { EndStatus, LifecycleStep } from './lifecycle-step.ts';
import { retryDelayMs } from './retry-delay.ts';
import { andThen, call, cancelCall, cancelWait, move, stay, type Transition, wait } from './transition.ts';

/** Ends a task: drains it first if it may get traffic. Requested again, it changes nothing. */
export function requestStop(
  state: LifecycleState,
  why: 'shutdown' | 'unhealthy',
  message: string,
): Transition {
  if (state.stop !== undefined || state.removal !== undefined || hasReached(state, 'draining')) {
    return stay(state);
  }
  const told = { ...state, stop: { why, message } };
  if (state.stage === 'running') return drain(told);
  if (state.call === undefined) return andThen(cancelWait(told), stopNow);
  // The pending call of the start decides: its result is awaited, and then it is stopped.
  return cancelCall(told, state.setup.stopGraceMs);
}

/** Waits until no load balancer sends it anything, at most for its drain time. */
function drain(state: LifecycleState): Transition {
  const { drainMs } = state.setup;
  const stopped = move(state, {}, { do: 'stop-checks' });
  if (drainMs === 0 || state.drained) return andThen(stopped, stopNow);
  return andThen(
    andThen(stopped, (s) => become(s, stopProblem(s))),
    (s) => wait(s, drainMs, { stage: 'draining' }),
  );
}

/** Stops it, running or not: an earlier agent may have started it. */
export function stopNow(state: LifecycleState): Transition {
  const reported = state.stage === 'draining' ? stay(state) : become(state, stopProblem(state));
  return andThen(reported, (s) =>
    call(s, { do: 'stop', graceMs: s.setup.stopGraceMs }, { stage: 'stopping', failures: 0 }),
  );
}

/** A stop is retried until it succeeds, or the task has exited. */
export function stopFailed(state: LifecycleState, error: GantryError, now: number): Transition {
  if (state.exit !== undefined) return andThen(move(state, {}, { do: 'log', kind: 'stop', error }), undo);
  const failures = state.failures + 1;
  const ms = retryDelayMs(failures);
  const problem = retryProblem(state.task, error, { reason: 'StopFailed', retryAt: now + ms });
  const logged = move({ ...state, failures }, {}, { do: 'log', kind: 'stop', error, retryInMs: ms });
  return andThen(
    andThen(logged, (s) => become(s, problem)),
    (s) => wait(s, ms),
  );
}

/** The last output of a task that has exited was read. */
export function examined(state: LifecycleState, lastLine: string | undefined): Transition {
  return undo({ ...state, lastLine });
}

/** Undoes the needs of a task that has ended, in reverse order. */
export function undo(state: LifecycleState): Transition {
  return nextUndo({ ...state, stage: 'undoing', need: state.setup.needs.length });
}

/** Undoes the need before the current one; one that could not be undone is undone once more when the task is removed. */
export function nextUndo(state: LifecycleState): Transition {
  const need = state.held.findLast((index) => index < state.need);
  return need === undefined ? end(state) : call(state, { do: 'undo', need }, { need });
}

function end(state: LifecycleState): Transition {
  const killed: LifecycleStep[] = wasKilled(state)
    ? [{ do: 'record', event: { type: 'warning', reason: 'Killed', message: killedMessage(state) } }]
    : [];
  return move(state, { stage: 'ended' }, ...killed, { do: 'end', status: endStatus(state) });
}

function endStatus({ rejection, stop, exit = {}, lastLine }: LifecycleState): EndStatus {
  if (rejection !== undefined) return { state: 'rejected', ...rejection };
  const { exitCode, signal, finishedAt } = exit;
  if (stop?.why === 'unhealthy') {
    return { state: 'failed', exitCode, signal, finishedAt, reason: 'Unhealthy', message: stop.message };
  }
  if (stop !== undefined) {
    return { state: 'shutdown', exitCode, signal, reason: 'Stopped', message: 'stopped as requested' };
  }
  return { ...exitStatus(exit, lastLine), finishedAt };
}

function wasKilled({ stop, exit, started, setup }: LifecycleState): boolean {
  return stop !== undefined && started && exit?.signal === 'SIGKILL' && setup.stopSignal !== 'SIGKILL';
}

function killedMessage({ setup }: LifecycleState): string {
  return `killed: it had not ended ${setup.stopGraceMs} ms after the stop signal`;
}

function stopProblem({ stop }: LifecycleState): Problem | undefined {
  return stop?.why === 'unhealthy' ? { reason: 'Unhealthy', message: stop.message } : undefined;
}

function become(state: LifecycleState, problem: Problem | undefined): Transition {
  return move(state, { ready: false }, { do: 'become', state: 'stopping', ready: false, problem });
}
