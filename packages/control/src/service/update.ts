import type {
  Service,
  ServiceSpec,
  ServiceStatus,
  Task,
  UpdatePolicy,
  UpdateStatus,
} from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';

const HISTORY = 10;

/** How far a service has moved to the template it should run. */
export interface Target {
  readonly template: string;
  readonly restartedAt: number | undefined;
  readonly update: UpdateStatus | undefined;
  readonly history: ServiceStatus['history'];
  /** Whether the service was changed since its last plan: starts that nodes rejected are retried immediately. */
  readonly isChanged?: boolean;
}

/**
 * Takes notice of a new template or a requested restart: an update begins, and the previous template becomes history.
 */
export function targetOf({ meta, spec, status }: Service, template: string, now: number): Target {
  const { restartedAt } = spec;
  const begin = (message: string): UpdateStatus => ({
    state: 'updating',
    from: status.template,
    to: template,
    startedAt: now,
    restartedAt,
    message,
  });
  if (status.template === '') return { template, restartedAt, update: undefined, history: [] };
  if (status.template !== template) {
    const known = status.history.filter(
      (entry) => entry.template !== template && entry.template !== status.template,
    );
    const before = { template: status.template, generation: meta.generation - 1, at: now };
    return {
      template,
      restartedAt,
      update: begin('update started'),
      history: [before, ...known].slice(0, HISTORY),
    };
  }
  const { update, history } = status;
  if (restartedAt !== undefined && restartedAt !== update?.restartedAt) {
    return { template, restartedAt, update: begin('restart started'), history };
  }
  const isChanged = status.observedGeneration < meta.generation;
  return { template, restartedAt, update, history, isChanged };
}

/** Whether a task is what the service wants now. */
export function isCurrent(task: Task, target: Pick<Target, 'template' | 'restartedAt'>): boolean {
  return task.spec.template === target.template && task.spec.restartedAt === target.restartedAt;
}

/** Whether the task was created by the update in progress. */
export function isNew(fresh: Task | undefined, { update }: Target): boolean {
  return fresh !== undefined && update !== undefined && fresh.meta.createdAt >= update.startedAt;
}

/** Whether an update or rollback is in progress. */
export function isMoving(update: UpdateStatus | undefined): boolean {
  return update?.state === 'updating' || update?.state === 'rollback-started';
}

/** Whether an update has been stopped and waits for a decision by an operator. */
export function isPaused(update: UpdateStatus | undefined): boolean {
  return update?.state === 'paused' || update?.state === 'rollback-paused';
}

/**
 * The policy in force. A host port does not change its order: the scheduler is queried, node by node, whether a new
 * task fits beside the one that it replaces.
 */
export function policyOf(
  spec: Pick<ServiceSpec, 'update' | 'rollback'>,
  update: UpdateStatus | undefined,
): UpdatePolicy {
  return update?.state.startsWith('rollback') ? spec.rollback : spec.update;
}

/**
 * Why a new task counts as failed: its node rejected it, it ended before it was ready, or it ended within `monitorMs` of
 * having been ready. One that exits with 0 has failed too, unless the service's tasks may complete. How long it takes to
 * become ready is limited by the progress deadline, not here.
 */
export function failureOf(task: Task, policy: UpdatePolicy, mayComplete: boolean): string | undefined {
  const { state, runningAt, finishedAt = 0, message = state } = task.status;
  if (state === 'rejected') return message;
  if (state !== 'failed' && (state !== 'complete' || mayComplete)) return undefined;
  const early = runningAt === undefined || finishedAt - runningAt <= policy.monitorMs;
  return early ? message : undefined;
}

/** The result of an update in progress so far. */
export interface Progress {
  /** Slots it concerns, slots whose new task failed, slots that have been ready for `monitorMs`. */
  readonly slots: number;
  readonly failed: number;
  readonly settled: number;
  /** Which task failed first, and why. */
  readonly failure?: string | undefined;
  /** Why there has been no progress for `progressDeadlineMs`. */
  readonly overdue?: string | undefined;
}

/** Returns the next state of an update in progress, and whether to go back. */
export function advance(
  update: UpdateStatus,
  policy: UpdatePolicy,
  { slots, failed, settled, failure, overdue }: Progress,
  now: number,
): { readonly update: UpdateStatus; readonly rollback: boolean } {
  const back = update.state === 'rollback-started';
  const tooMany = failed > 0 && failed > policy.maxFailureRatio * slots;
  if ((tooMany || overdue !== undefined) && policy.failureAction !== 'continue') {
    const which = failure === undefined ? '' : `: ${failure}`;
    const message = tooMany
      ? `${failed} of ${counted(slots, 'new task')} failed${which}`
      : (overdue as string);
    if (policy.failureAction === 'rollback' && update.from !== update.to) {
      return { update: { ...update, message }, rollback: true };
    }
    return { update: { ...update, state: back ? 'rollback-paused' : 'paused', message }, rollback: false };
  }
  if (settled < slots) return { update, rollback: false };
  const state = back ? 'rollback-completed' : 'completed';
  const message = back
    ? `rolled back: ${update.message}`
    : `${slots} ${slots === 1 ? 'task' : 'tasks'} updated`;
  return { update: { ...update, state, completedAt: now, message }, rollback: false };
}
