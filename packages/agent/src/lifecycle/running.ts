import type { Ensured, LifecycleEvent } from './lifecycle-event.ts';
import type { Exit, LifecycleState } from './lifecycle-state.ts';
import type { LifecycleStep } from './lifecycle-step.ts';
import { requestStop, stopNow, undo } from './stopping.ts';
import { andThen, call, cancelWait, move, stay, type Transition } from './transition.ts';

/** The runtime has started the task, or found that it runs. */
export function isRunning(state: LifecycleState, { exit, health }: Ensured): Transition {
  const running = { ...state, stage: 'running' } as const;
  if (exit !== undefined) return exited(running, exit);
  const { startupCheck } = state.setup;
  if (state.adopted !== undefined) {
    const message = 'running, and adopted by a restarted agent';
    const event = { type: 'normal', reason: 'Adopted', message } as const;
    // What ran before the agent was restarted has passed its startup check.
    return andThen(move(running, {}, { do: 'record', event }), isUp);
  }
  const waitsForImage = health !== undefined && health !== 'healthy';
  if (!startupCheck && !waitsForImage) return isUp(running);
  const check: LifecycleStep[] = startupCheck ? [{ do: 'start-checks', which: 'startup' }] : [];
  return move(running, {}, { do: 'enter', state: 'starting' }, ...check);
}

/** The startup of the task is over. */
function isUp(state: LifecycleState): Transition {
  const { readinessCheck, livenessCheck } = state.setup;
  const ready = !readinessCheck || state.adopted?.ready === true;
  const others: LifecycleStep[] =
    readinessCheck || livenessCheck ? [{ do: 'start-checks', which: 'others' }] : [];
  return move(
    state,
    { up: true, ready, said: undefined },
    { do: 'become', state: 'running', ready, problem: undefined },
    ...others,
  );
}

/** The task has ended on its own, or as it was told to. */
export function exited(state: LifecycleState, exit: Exit): Transition {
  switch (state.stage) {
    case 'running': {
      const ended = move(state, { exit }, { do: 'stop-checks' });
      if (exit.exitCode === 0) return andThen(ended, undo);
      return andThen(ended, (s) => call(s, { do: 'examine' }, { stage: 'examining' }));
    }
    case 'draining':
      return andThen(cancelWait({ ...state, exit }), stopNow);
    case 'stopping':
      if (state.call !== undefined || state.removal !== undefined) return move(state, { exit });
      return andThen(cancelWait({ ...state, exit }), undo); // it need not be stopped again
    default:
      return stay(state);
  }
}

/** The image's own check, run by the engine, is a startup and a liveness check in one, as in Docker Swarm. */
export function healthReported(
  state: LifecycleState,
  { health, message }: Extract<LifecycleEvent, { type: 'health' }>,
): Transition {
  if (state.stage !== 'running') return stay(state);
  const text = `health check of the image: ${message ?? health}`;
  if (health === 'unhealthy') return requestStop(state, 'unhealthy', text);
  if (state.up) return stay(state);
  if (health === 'healthy') return isUp(state);
  return message === undefined ? stay(state) : startupFailing(state, text);
}

/** A health check of the template says something new. */
export function checked(
  state: LifecycleState,
  { check, verdict, message }: Extract<LifecycleEvent, { type: 'checked' }>,
): Transition {
  if (state.stage !== 'running') return stay(state);
  const text = `${check} check: ${message}`;
  if (verdict === 'failing') {
    const event = { type: 'warning', reason: 'ProbeFailed', message: text } as const;
    return andThen(move(state, {}, { do: 'record', event }), (s) => failing(s, check, text));
  }
  if (check === 'readiness') {
    if (!state.up) return stay(state);
    return verdict === 'passed' ? isReady(state) : notReady(state, text);
  }
  if (verdict === 'failed') return requestStop(state, 'unhealthy', text);
  return check === 'startup' && !state.up ? isUp(state) : stay(state);
}

/** Says of a task that is not ready what its check says. */
function failing(state: LifecycleState, check: string, text: string): Transition {
  if (state.ready || state.said === text) return stay(state);
  if (check === 'startup' && !state.up) return startupFailing(state, text);
  return check === 'readiness' && state.up ? notReady(state, text) : stay(state);
}

function startupFailing(state: LifecycleState, message: string): Transition {
  const problem = { reason: 'StartupProbeFailed', message } as const;
  return move(state, { said: message }, { do: 'note', problem, report: 'soon' });
}

function isReady(state: LifecycleState): Transition {
  return move(
    state,
    { ready: true, said: undefined },
    { do: 'become', state: 'running', ready: true, problem: undefined },
  );
}

function notReady(state: LifecycleState, message: string): Transition {
  const problem = { reason: 'ReadinessProbeFailed', message } as const;
  return move(
    state,
    { ready: false, said: message },
    { do: 'become', state: 'running', ready: false, problem },
  );
}
