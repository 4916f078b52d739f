import { idOf, type Service, type Task, taskName } from '@gantry/core/model';
import type { ServicePlan, TaskDraft } from './service-plan.ts';

/** Returns a new task of a service, not placed yet. */
export function newTask(
  service: Service,
  { target }: ServicePlan,
  { slot, attempt, restarts, desired }: TaskDraft,
  now: number,
): Task {
  const { namespace } = service.meta;
  const name = taskName(service.meta, slot, attempt);
  return {
    kind: 'task',
    meta: { name, namespace, uid: name, generation: 1, createdAt: now, labels: service.meta.labels },
    spec: {
      service: idOf(service.meta),
      serviceUid: service.meta.uid,
      template: target.template,
      slot,
      attempt,
      restarts,
      restartedAt: target.restartedAt,
      desired,
    },
    status: { state: 'pending', since: now, ready: false },
  };
}

/** Returns a pending task with its node, to be prepared there until the task that it replaces has ended. */
export function preparedOn(task: Task, node: string, now: number): Task {
  return {
    ...task,
    spec: { ...task.spec, node, desired: 'prepared' },
    status: { state: 'assigned', since: now, ready: false },
  };
}

/** Returns a task whose node is gone in its final state. */
export function orphaned(task: Task, now: number): Task {
  const message = 'its node is gone';
  return {
    ...task,
    status: {
      ...task.status,
      state: 'orphaned',
      since: now,
      ready: false,
      finishedAt: now,
      reason: 'NodeLost',
      message,
    },
  };
}
