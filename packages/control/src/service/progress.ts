import type { Service, ServiceProgress, ServiceStatus } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { isMoving, isPaused, type Target } from './update.ts';
import type { Verdict } from './verdict.ts';

/** The state of all slots of a service together. */
export interface Assessment {
  readonly slots: number;
  readonly settled: number;
  /** Settled, ready or complete. */
  readonly good: number;
  readonly complete: number;
  /** The first slot that cannot become ready without a change, if there is one. */
  readonly failed: Verdict | undefined;
  /** The slot whose reason is shown: the first failed one, otherwise the first waiting one. */
  readonly worst: Verdict | undefined;
  /** When it may change through the passage of time alone, ms since the epoch. */
  readonly changesAt: number;
}

/** Adds up the verdicts on the slots of a service. Pure. */
export function assess(verdicts: readonly Verdict[]): Assessment {
  let settled = 0;
  let good = 0;
  let complete = 0;
  let failed: Verdict | undefined;
  let waiting: Verdict | undefined;
  let changesAt = Number.POSITIVE_INFINITY;
  for (const verdict of verdicts) {
    if (verdict.changesAt !== undefined) changesAt = Math.min(changesAt, verdict.changesAt);
    if (verdict.state === 'failed') failed ??= verdict;
    else if (verdict.state === 'waiting') {
      if (waiting === undefined || (waiting.task === undefined && verdict.task !== undefined))
        waiting = verdict;
    } else {
      good++;
      if (verdict.state !== 'ready') settled++;
      if (verdict.state === 'complete') complete++;
    }
  }
  return { slots: verdicts.length, settled, good, complete, failed, worst: failed ?? waiting, changesAt };
}

export interface ProgressInput {
  readonly service: Service;
  readonly target: Target;
  readonly assessment: Assessment;
  /** What its first tasks wait for; `never`: it will not come about without a change. */
  readonly waitsFor: { readonly message: string; readonly never: boolean } | undefined;
  readonly progressDeadlineMs: number;
  readonly now: number;
  /** Since when a leader has received the reports of agents, ms since the epoch. */
  readonly seenSince: number;
}

/** The progress to store, the very same object if nothing has changed; and when to assess again, ms since the epoch. */
export interface ProgressResult {
  readonly progress: ServiceProgress;
  /** No progress for too long: counts as a failure of a moving update. */
  readonly overdue: string | undefined;
  readonly changesAt: number;
}

/** The only assessment of a service: shown by waiting commands, conditions, updates and dashboards. Pure. */
export function progressOf(input: ProgressInput): ProgressResult {
  const { service, assessment, now } = input;
  const known = service.status.progress;
  const mark = highWater(input);
  const deadlineAt = Math.max(mark.bestAt, input.seenSince) + input.progressDeadlineMs;
  let next = stateOf(input);
  let overdue: string | undefined;
  let { changesAt } = assessment;
  const counts = next.state === 'progressing' && !service.spec.paused && input.waitsFor === undefined;
  if (counts && deadlineAt <= now) {
    overdue = `no progress for ${Math.round(input.progressDeadlineMs / 1000)} s: ${next.message}`;
    next = { ...next, state: 'failed', reason: 'ProgressDeadlineExceeded', message: overdue };
  } else if (counts) changesAt = Math.min(changesAt, deadlineAt);
  const { state, reason, message, task } = next;
  const since = known?.state === state ? known.since : now;
  const progress: ServiceProgress = { state, reason, message, since, task, ...mark };
  return { progress: same(known, progress) ? known : progress, overdue, changesAt };
}

type State = Pick<ServiceProgress, 'state' | 'reason' | 'message' | 'task'>;

function stateOf({ service, target, assessment, waitsFor }: ProgressInput): State {
  const { update } = target;
  const { slots, settled, good, complete, failed, worst } = assessment;
  if (waitsFor !== undefined) {
    const { never, message } = waitsFor;
    return never
      ? { state: 'failed', reason: 'DependencyFailed', message }
      : { state: 'progressing', reason: 'WaitsForDependency', message };
  }
  if (isPaused(update)) {
    const what = update?.state === 'paused' ? 'the update' : 'the rollback';
    return {
      state: 'failed',
      reason: 'UpdatePaused',
      message: `${what} is paused: ${update?.message}`,
      task: worst?.task?.meta.name,
    };
  }
  if (failed !== undefined) return { state: 'failed', reason: failed.reason, ...described(failed) };
  const ready = `${good} of ${counted(slots, 'task is', 'tasks are')} ready`;
  if (worst !== undefined) {
    const { message, task } = described(worst);
    return { state: 'progressing', reason: worst.reason, message: `${ready}; ${message}`, task };
  }
  const unserved = unservedPort(service);
  if (unserved !== undefined) {
    const { reason, message } = unserved;
    return { state: 'progressing', reason, message: `${ready}; ${message}` };
  }
  if (settled < slots || isMoving(update)) {
    const reason = isMoving(update) ? 'Updating' : 'Monitoring';
    return { state: 'progressing', reason, message: `${ready}; checking that they stay ready` };
  }
  if (slots > 0 && complete === slots) {
    return {
      state: 'complete',
      reason: 'Completed',
      message: `${complete} of ${counted(slots, 'task has', 'tasks have')} completed`,
    };
  }
  return { state: 'stable', reason: 'Ready', message: slots === 0 ? 'no tasks are wanted' : ready };
}

function described({ task, message }: Verdict): { message: string; task: string | undefined } {
  return {
    message: task === undefined ? `a task ${message}` : `${task.meta.name}: ${message}`,
    task: task?.meta.name,
  };
}

/** A published port that no load balancer serves yet. */
function unservedPort({ spec, status }: Service): Pick<ServiceProgress, 'reason' | 'message'> | undefined {
  const missing = spec.template.ports.find(
    ({ mode, published, target, protocol }) =>
      mode === 'ingress' &&
      published !== undefined &&
      !status.published.some(
        (each) =>
          each.target === target &&
          each.protocol === protocol &&
          (published === 0 || each.port === published),
      ),
  );
  if (missing === undefined) return undefined;
  const why = status.conditions.find(({ type, status: holds }) => type === 'Published' && holds === 'false');
  const port = `${missing.published || missing.target}/${missing.protocol}`;
  return {
    reason: why?.reason ?? 'PortNotServed',
    message: why?.message ?? `no load balancer serves port ${port} yet`,
  };
}

/**
 * The highest number of good slots so far, and since when; starts over with each change of the spec, and after the
 * service was healthy.
 */
function highWater({
  service,
  assessment,
  waitsFor,
  now,
}: ProgressInput): Pick<ServiceProgress, 'best' | 'bestAt'> {
  const { meta, status } = service;
  const known = status.progress;
  const isOver = known?.state === 'stable' || known?.state === 'complete';
  const waited = known?.reason === 'WaitsForDependency' && waitsFor === undefined;
  const begins = known === undefined || status.observedGeneration !== meta.generation || waited;
  if (begins || (isOver && assessment.good < known.best) || assessment.good > known.best) {
    return { best: assessment.good, bestAt: now };
  }
  return { best: known.best, bestAt: known.bestAt };
}

function same(a: ServiceStatus['progress'], b: ServiceProgress): a is ServiceProgress {
  return (
    a !== undefined &&
    a.state === b.state &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.task === b.task &&
    a.best === b.best &&
    a.bestAt === b.bestAt
  );
}
