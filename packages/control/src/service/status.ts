import type { Condition, Service, ServiceStatus, Task } from '@gantry/core';
import { isMoving, isPaused, type Target } from './update.ts';

interface SlotTasks {
  readonly live: readonly Task[];
  readonly fresh: Task | undefined;
}

/** What there is to say about a service; the very same object when nothing has changed. */
export function statusOf(
  service: Service,
  target: Target,
  slots: readonly SlotTasks[],
  now: number,
  waitsFor?: string,
): ServiceStatus {
  let running = 0;
  let ready = 0;
  let updated = 0;
  let unplaced: Task | undefined;
  for (const { live, fresh } of slots) {
    if (live.some((task) => task.status.state === 'running')) running++;
    if (live.some((task) => task.status.ready)) ready++;
    if (fresh?.status.ready) updated++;
    unplaced ??= live.find((task) => task.status.state === 'pending' && task.status.reason !== undefined);
  }
  const desired = slots.length;
  const before = service.status;
  const next: ServiceStatus = {
    observedGeneration: service.meta.generation,
    template: target.template,
    desired,
    running,
    ready,
    updated,
    update: target.update,
    history: target.history,
    published: before.published,
    conditions: [
      condition(
        before,
        now,
        'Available',
        ready >= desired,
        'Ready',
        waitsFor === undefined ? 'NotReady' : 'WaitsForDependency',
        waitsFor ?? `${ready} of ${desired} tasks are ready`,
      ),
      condition(
        before,
        now,
        'Scheduled',
        unplaced === undefined,
        'Placed',
        unplaced?.status.reason ?? 'Unplaced',
        unplaced === undefined
          ? 'every task has a node'
          : `${unplaced.meta.name}: ${unplaced.status.message}`,
      ),
      condition(
        before,
        now,
        'Updated',
        updated >= desired && !isMoving(target.update) && !isPaused(target.update),
        'UpToDate',
        isPaused(target.update) || service.spec.paused ? 'Paused' : 'Updating',
        target.update?.message ?? `${updated} of ${desired} tasks run the current template`,
      ),
      ...before.conditions.filter(({ type }) => !['Available', 'Scheduled', 'Updated'].includes(type)),
    ],
  };
  return sameStatus(before, next) ? before : next;
}

function condition(
  before: ServiceStatus,
  now: number,
  type: string,
  holds: boolean,
  yes: string,
  no: string,
  message: string,
): Condition {
  const status = holds ? 'true' : 'false';
  const known = before.conditions.find((each) => each.type === type);
  const reason = holds ? yes : no;
  if (known?.status === status && known.reason === reason && known.message === message) return known;
  return { type, status, reason, message, since: known?.status === status ? known.since : now };
}

function sameStatus(a: ServiceStatus, b: ServiceStatus): boolean {
  return (
    a.observedGeneration === b.observedGeneration &&
    a.template === b.template &&
    a.desired === b.desired &&
    a.running === b.running &&
    a.ready === b.ready &&
    a.updated === b.updated &&
    a.update === b.update &&
    a.history === b.history &&
    a.conditions.length === b.conditions.length &&
    a.conditions.every((each, index) => each === b.conditions[index])
  );
}
