import type { EventRecorder } from '@gantry/core';
import { idOf, type Service, type UpdateState } from '@gantry/core/model';
import type { ServicePlan } from './service-plan.ts';

/** The reason of the event that reports a new state of an update. */
const REASONS: Readonly<Record<UpdateState, string>> = Object.freeze({
  updating: 'UpdateStarted',
  paused: 'UpdatePaused',
  completed: 'UpdateCompleted',
  'rollback-started': 'RollbackStarted',
  'rollback-paused': 'RollbackPaused',
  'rollback-completed': 'RollbackCompleted',
});
/** Maximum number of events recorded for each kind of step of one plan. */
const MAX_PER_PLAN = 100;

/** Records what a plan does to tasks: restarts, moves and removals that need an explanation. */
export function recordTasks(events: EventRecorder, { create, shutdown, place, delay }: ServicePlan): void {
  for (const { slot, attempt, after } of create
    .filter((each) => each.after !== undefined)
    .slice(0, MAX_PER_PLAN)) {
    const { task, why } = after as NonNullable<typeof after>;
    const regarding = { kind: 'task', name: idOf(task.meta) } as const;
    if (why === 'move') {
      const message = `moved from node ${task.spec.node}, which is drained: attempt ${attempt} of slot ${slot}`;
      events.record(regarding, 'normal', 'Moved', message);
    } else {
      const message = `restarted as attempt ${attempt} of slot ${slot}, after: ${task.status.message}`;
      events.record(regarding, 'normal', 'Restarted', message);
    }
  }
  for (const { task, retryAt } of delay.filter((each) => each.crashLoop).slice(0, MAX_PER_PLAN)) {
    const waitMs = retryAt - (task.status.finishedAt ?? task.status.since);
    const message = `crash loop: next attempt in ${Math.round(waitMs / 1000)} s; ${task.status.message}`;
    events.record({ kind: 'task', name: idOf(task.meta) }, 'warning', 'CrashLoop', message);
  }
  for (const { task, node, why } of place.slice(0, MAX_PER_PLAN)) {
    const regarding = { kind: 'task', name: idOf(task.meta) } as const;
    events.record(regarding, 'normal', 'StopFirst', `placed on node ${node}, where it ${why}`);
  }
  for (const { task, why } of shutdown.filter((each) => each.notable).slice(0, MAX_PER_PLAN)) {
    events.record({ kind: 'task', name: idOf(task.meta) }, 'normal', 'Stopping', why);
  }
}

/** Records that an update has changed its state, and that a service cannot reach the state its spec wants. */
export function recordUpdate(events: EventRecorder, service: Service, plan: ServicePlan): void {
  const was = service.status.update;
  const is = plan.status.update;
  const regarding = { kind: 'service', name: idOf(service.meta) } as const;
  if (plan.rollbackTo !== undefined) {
    events.record(regarding, 'warning', 'RollbackStarted', `${is?.message}: back to ${plan.rollbackTo}`);
  } else if (is !== undefined && (was?.state !== is.state || was.to !== is.to)) {
    const bad = is.state.endsWith('paused');
    events.record(regarding, bad ? 'warning' : 'normal', REASONS[is.state], is.message);
  }
  const { progress } = plan.status;
  const known = service.status.progress;
  const isNews =
    progress?.state === 'failed' && (known?.state !== 'failed' || known.reason !== progress.reason);
  // A paused update has an event of its own.
  if (isNews && progress.reason !== 'UpdatePaused')
    events.record(regarding, 'warning', progress.reason, progress.message);
}
