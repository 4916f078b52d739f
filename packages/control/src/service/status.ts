import type { Condition, Service, ServiceProgress, ServiceStatus, Task } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import type { Waiting } from './dependencies.ts';
import type { Assessment } from './progress.ts';
import { isMoving, isPaused, type Target } from './update.ts';

interface StatusInput {
  readonly service: Service;
  readonly target: Target;
  readonly slots: readonly {
    readonly slot: { readonly live: readonly Task[] };
    readonly fresh: Task | undefined;
  }[];
  readonly assessment: Assessment;
  readonly progress: ServiceProgress;
  /** Number of wanted tasks. */
  readonly wanted: number;
  readonly now: number;
  readonly waiting: Waiting | undefined;
}

const OWN: ReadonlySet<string> = new Set(['Available', 'Scheduled', 'Updated', 'Degraded']);

/** The status of a service; the very same object when nothing has changed. */
export function statusOf(input: StatusInput): ServiceStatus {
  const { service, target, slots, assessment, progress, wanted: desired, now, waiting } = input;
  let running = 0;
  let ready = 0;
  let updated = 0;
  let unplaced: Task | undefined;
  for (const { slot, fresh } of slots) {
    if (slot.live.some((task) => task.status.state === 'running')) running++;
    if (slot.live.some((task) => task.status.ready)) ready++;
    if (fresh?.status.ready) updated++;
    unplaced ??= slot.live.find(
      (task) => task.status.state === 'pending' && task.status.reason !== undefined,
    );
  }
  const { complete: completed, failed } = assessment;
  const before = service.status;
  const next: ServiceStatus = {
    observedGeneration: service.meta.generation,
    template: target.template,
    desired,
    running,
    ready,
    updated,
    completed: completed === 0 ? undefined : completed,
    update: target.update,
    progress,
    history: target.history,
    published: before.published,
    conditions: [
      condition(
        before,
        now,
        'Available',
        ready >= desired,
        'Ready',
        waiting === undefined ? 'NotReady' : progress.reason,
        waiting?.message ?? `${ready} of ${counted(desired, 'task is', 'tasks are')} ready`,
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
        updated + completed >= desired && !isMoving(target.update) && !isPaused(target.update),
        'UpToDate',
        isPaused(target.update) || service.spec.paused ? 'Paused' : 'Updating',
        target.update?.message ??
          `${updated} of ${counted(desired, 'task runs', 'tasks run')} the current template`,
      ),
      ...(failed === undefined
        ? []
        : [
            condition(
              before,
              now,
              'Degraded',
              true,
              failed.reason,
              '',
              `${failed.task?.meta.name}: ${failed.message}`,
            ),
          ]),
      ...before.conditions.filter(({ type }) => !OWN.has(type)),
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
    a.completed === b.completed &&
    a.progress === b.progress &&
    a.update === b.update &&
    a.history === b.history &&
    a.conditions.length === b.conditions.length &&
    a.conditions.every((each, index) => each === b.conditions[index])
  );
}
