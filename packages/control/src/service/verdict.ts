import type { RestartPolicy, Task } from '@gantry/core/model';
import { decideRestart } from './restart.ts';
import type { Slot } from './slots.ts';
import type { Target } from './update.ts';

/**
 * Number of consecutive failures from which on a slot counts as a crash loop: with the default delays, some 3 s after
 * the first one.
 */
export const CRASH_LOOP_FAILURES = 4;

/**
 * How one slot is doing:
 *
 * - `settled`: its task has stayed ready for `monitorMs`, and the earlier one is gone; `ready`: not for that long yet.
 * - `complete`: its task exited with 0, and is not restarted.
 * - `waiting`: not ready yet; `reason` and `message` say why.
 * - `failed`: it cannot become ready without a change: a crash loop, repeated rejection, or no further restart.
 */
export interface Verdict {
  readonly state: 'settled' | 'ready' | 'complete' | 'waiting' | 'failed';
  readonly reason: string;
  readonly message: string;
  /** The task it is about. */
  readonly task: Task | undefined;
  /** When it may change through the passage of time alone, ms since the epoch. */
  readonly changesAt?: number | undefined;
}

interface Given {
  readonly slot: Slot;
  readonly fresh: Task | undefined;
  readonly old: readonly Task[];
}

interface Context {
  readonly restart: RestartPolicy;
  readonly target: Target;
  readonly monitorMs: number;
  /** Rejections before this no longer count once there is another attempt: the service has changed or come further since. Default: all count. */
  readonly countsFrom?: number;
  /** ms since the epoch. */
  readonly now: number;
}

/** Most slots of most services are settled: they share this. */
const SETTLED: Verdict = Object.freeze({
  state: 'settled',
  reason: 'Ready',
  message: 'ready',
  task: undefined,
});

/** Evaluates one slot. Pure. */
export function verdictOf({ slot, fresh, old }: Given, context: Context): Verdict {
  const last = slot.ended.at(-1);
  if (fresh !== undefined) {
    const before = last !== undefined && isOwn(last, context.target) ? last : undefined;
    return liveVerdict(fresh, before, old.length > 0 || slot.leaving.length > 0, context);
  }
  if (last === undefined || last !== slot.last || !isOwn(last, context.target))
    return emptyVerdict(slot.leaving, old);
  const verdict = endedVerdict(last, context);
  const crowded = verdict.state === 'complete' && old.length + slot.leaving.length > 0;
  return crowded ? emptyVerdict([...slot.leaving, ...old], []) : verdict;
}

/** Verdict on a slot without a task of the wanted version. */
function emptyVerdict(leaving: readonly Task[], old: readonly Task[]): Verdict {
  const last = leaving.at(-1);
  const [reason, message] =
    last !== undefined
      ? ['Stopping', `waits for ${last.meta.name} to end`]
      : old.length > 0
        ? ['Updating', 'waits for its turn to be updated']
        : ['Creating', 'is being created'];
  return { state: 'waiting', reason, message, task: undefined };
}

/** `before`: the previous attempt, if it is known; until a task is running, that attempt shows what is wrong. */
function liveVerdict(
  task: Task,
  before: Task | undefined,
  crowded: boolean,
  { monitorMs, countsFrom = 0, now }: Context,
): Verdict {
  const { status, spec } = task;
  const isLooping = spec.restarts >= CRASH_LOOP_FAILURES && !isOver(before, task, countsFrom);
  if (status.ready) {
    const settlesAt = status.since + monitorMs;
    if (settlesAt <= now) return crowded ? { ...SETTLED, state: 'ready', task } : SETTLED;
    if (isLooping && before !== undefined)
      return { ...loopVerdict(spec.restarts, before), changesAt: settlesAt };
    return { state: 'ready', reason: 'Monitoring', message: 'ready', task, changesAt: settlesAt };
  }
  const why = status.message ?? (status.state === 'running' ? 'running, not ready yet' : status.state);
  if (isLooping) return loopVerdict(spec.restarts, before ?? task);
  return { state: 'waiting', reason: status.reason ?? 'Starting', message: why, task };
}

/** Whether the rejections of earlier attempts belong to the past: this one runs, or they were long ago. */
function isOver(before: Task | undefined, { status }: Task, countsFrom: number): boolean {
  if (before?.status.state !== 'rejected') return false;
  const { finishedAt = before.status.since } = before.status;
  return status.state === 'running' || finishedAt < countsFrom;
}

function endedVerdict(last: Task, { restart, target, now }: Context): Verdict {
  const { status } = last;
  const why = status.message ?? status.state;
  const decision = decideRestart(last, restart, target);
  if (!decision.restart) {
    if (status.state === 'complete')
      return { state: 'complete', reason: 'Completed', message: why, task: last };
    return {
      state: 'failed',
      reason: 'GaveUp',
      message: `${why}; not restarted: ${decision.why}`,
      task: last,
    };
  }
  const changesAt = decision.at > now ? decision.at : undefined;
  if (decision.restarts >= CRASH_LOOP_FAILURES) return { ...loopVerdict(decision.restarts, last), changesAt };
  return { state: 'waiting', reason: status.reason ?? 'Restarting', message: why, task: last, changesAt };
}

/**
 * Verdict on a slot whose tasks have failed this many times in a row; a rejected task never ran, and its rejection says
 * why.
 */
function loopVerdict(failures: number, task: Task): Verdict {
  const { state, reason, message = state } = task.status;
  const how = state === 'rejected' ? 'rejected' : state === 'complete' ? 'ended' : 'failed';
  return {
    state: 'failed',
    reason: state === 'rejected' ? (reason ?? 'Rejected') : 'CrashLoop',
    message: `${how} ${failures} times in a row: ${message}`,
    task,
  };
}

/** Whether an ended task was an attempt at what the service wants now, and ended on its own. */
function isOwn({ spec }: Task, target: Target): boolean {
  return (
    spec.desired !== 'shutdown' &&
    spec.template === target.template &&
    spec.restartedAt === target.restartedAt
  );
}
