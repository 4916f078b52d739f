import type { Service, ServiceSpec, ServiceStatus, Task, UpdatePolicy, UpdateStatus } from '@gantry/core';

const HISTORY = 10;

/** Where a service is on its way to the template it should run. */
export interface Target {
  readonly template: string;
  readonly restartedAt: number | undefined;
  readonly update: UpdateStatus | undefined;
  readonly history: ServiceStatus['history'];
}

/** Takes notice of a new template or a wish to restart: an update begins, and the template before becomes history. */
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
  return { template, restartedAt, update, history };
}

/** Whether a task is what the service wants now. */
export function isCurrent(task: Task, target: Target): boolean {
  return task.spec.template === target.template && task.spec.restartedAt === target.restartedAt;
}

/** Whether an update or rollback is under way. */
export function isMoving(update: UpdateStatus | undefined): boolean {
  return update?.state === 'updating' || update?.state === 'rollback-started';
}

/** Whether an update has been stopped and waits for somebody to decide. */
export function isPaused(update: UpdateStatus | undefined): boolean {
  return update?.state === 'paused' || update?.state === 'rollback-paused';
}

/** The policy in force; a host port makes start-first impossible, since two tasks cannot have it. */
export function policyOf(spec: ServiceSpec, update: UpdateStatus | undefined): UpdatePolicy {
  const policy = update?.state.startsWith('rollback') ? spec.rollback : spec.update;
  const fixed = spec.template.ports.some((port) => port.mode === 'host' && port.published);
  return fixed ? { ...policy, order: 'stop-first' } : policy;
}

/**
 * Why a new task has proven bad: it ended before it ran or while it was watched, or it does not become ready. It is
 * watched from when it is `running`: a startup check takes the time that it needs. `seenSince`: what agents had to say
 * before that did not arrive, so it cannot have been late.
 */
export function failureOf(task: Task, policy: UpdatePolicy, now: number, seenSince = 0): string | undefined {
  const { state, runningAt, finishedAt, ready, message = state } = task.status;
  if (state === 'rejected') return message;
  if (state === 'failed') {
    return runningAt === undefined || (finishedAt ?? now) - runningAt <= policy.monitorMs
      ? message
      : undefined;
  }
  const late =
    state === 'running' &&
    !ready &&
    runningAt !== undefined &&
    now - Math.max(runningAt, seenSince) >= policy.monitorMs;
  return late ? `it ran, and was not ready ${policy.monitorMs} ms later` : undefined;
}

/** What a moving update has come to. */
export interface Progress {
  /** Slots it concerns, slots whose new task failed, slots that are done and have been watched long enough. */
  readonly slots: number;
  readonly failed: number;
  readonly settled: number;
  /** Which task failed first, and why. */
  readonly failure?: string | undefined;
}

/** The next state of a moving update, and whether to go back. */
export function advance(
  update: UpdateStatus,
  policy: UpdatePolicy,
  { slots, failed, settled, failure }: Progress,
  now: number,
): { readonly update: UpdateStatus; readonly rollback: boolean } {
  const back = update.state === 'rollback-started';
  if (failed > 0 && failed > policy.maxFailureRatio * slots && policy.failureAction !== 'continue') {
    const which = failure === undefined ? '' : `: ${failure}`;
    const message = `${failed} of ${slots} new tasks failed${which}`;
    if (policy.failureAction === 'rollback' && update.from !== update.to) {
      return { update: { ...update, message }, rollback: true };
    }
    return { update: { ...update, state: back ? 'rollback-paused' : 'paused', message }, rollback: false };
  }
  if (settled < slots) return { update, rollback: false };
  const state = back ? 'rollback-completed' : 'completed';
  const message = back ? `rolled back: ${update.message}` : `${slots} tasks updated`;
  return { update: { ...update, state, completedAt: now, message }, rollback: false };
}
