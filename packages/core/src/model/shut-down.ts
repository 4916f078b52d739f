import type { Task } from './task.ts';

/** A task that is told to stop: without a node it ends at once, otherwise when its agent reports it. */
export function shutDown(task: Task, why: string, now: number): Task {
  const spec = { ...task.spec, desired: 'shutdown' as const };
  if (task.spec.node === undefined) {
    return {
      ...task,
      spec,
      status: { ...task.status, state: 'shutdown', since: now, finishedAt: now, message: why },
    };
  }
  return { ...task, spec, status: { ...task.status, message: why } };
}
