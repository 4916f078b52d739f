import type { EventRecorder } from '@gantry/core';
import { idOf, type Task, type TaskStatus } from '@gantry/core/model';

/** Records how a task ended on its own, that its node rejected it, or that its checks failed for good. */
export function recordEnd(events: EventRecorder, task: Task, status: TaskStatus): void {
  const { state, reason, message = state } = status;
  const regarding = { kind: 'task', name: idOf(task.meta) } as const;
  if (state === 'failed')
    events.record(regarding, 'warning', reason ?? 'Exited', `${message}, on node ${task.spec.node}`);
  else if (state === 'rejected')
    events.record(regarding, 'warning', 'Rejected', `rejected by node ${task.spec.node}: ${message}`);
  else if (state === 'complete') events.record(regarding, 'normal', 'Completed', message);
}
