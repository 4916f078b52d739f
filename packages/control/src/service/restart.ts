import type { RestartPolicy, Task } from '@gantry/core/model';
import type { Target } from './update.ts';

/** Whether, when and as which consecutive restart a slot gets its next task after this one has ended. */
export type RestartDecision =
  | { readonly restart: true; readonly at: number; readonly restarts: number }
  | { readonly restart: false; readonly why: string };

/**
 * Decides what follows a task that ended. A task that was asked to stop, whose template is no longer wanted, or that is
 * older than a requested restart is followed immediately. One that ended on its own is followed as its policy says: the
 * first restart is immediate, then delays double. A change of the service, such as of its replicas, resets the count of
 * rejected starts: its author may have removed the cause.
 */
export function decideRestart(
  task: Task,
  policy: RestartPolicy,
  { template, restartedAt, isChanged = false }: Pick<Target, 'template' | 'restartedAt' | 'isChanged'>,
): RestartDecision {
  const { status, spec } = task;
  const isPast = spec.template !== template || spec.restartedAt !== restartedAt;
  if (spec.desired === 'shutdown' || isPast || status.state === 'orphaned') {
    return { restart: true, at: 0, restarts: 0 };
  }
  if (policy.condition === 'none') return { restart: false, why: 'its restart condition is none' };
  if (policy.condition === 'on-failure' && status.state === 'complete')
    return { restart: false, why: 'it completed' };
  if (isChanged && status.state === 'rejected') return { restart: true, at: 0, restarts: 0 };
  const finishedAt = status.finishedAt ?? status.since;
  const ranMs = status.runningAt === undefined ? 0 : finishedAt - status.runningAt;
  const restarts = (ranMs >= policy.windowMs ? 0 : spec.restarts) + 1;
  if (policy.maxAttempts > 0 && restarts > policy.maxAttempts) {
    const times = policy.maxAttempts === 1 ? 'once' : `${policy.maxAttempts} times in a row`;
    return { restart: false, why: `it was restarted ${times}` };
  }
  const waitMs = restarts === 1 ? 0 : Math.min(policy.maxDelayMs, policy.delayMs * 2 ** (restarts - 2));
  return { restart: true, at: finishedAt + waitMs, restarts };
}
