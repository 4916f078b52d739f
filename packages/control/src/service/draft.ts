import type { Task } from '@gantry/core/model';
import type { Shutdown, TaskDraft } from './service-plan.ts';

/** A plan that is being made. */
export interface Draft {
  create: TaskDraft[];
  shutdown: Shutdown[];
  place: { task: Task; node: string; why: string }[];
  promote: Task[];
  delay: { task: Task; retryAt: number; crashLoop: boolean }[];
  orphan: Task[];
  remove: Task[];
  /** When to plan again, ms since the epoch. */
  wake: number;
}

export function emptyDraft(): Draft {
  const wake = Number.POSITIVE_INFINITY;
  return { create: [], shutdown: [], place: [], promote: [], delay: [], orphan: [], remove: [], wake };
}

export function wakeAt(draft: Draft, at: number): void {
  draft.wake = Math.min(draft.wake, at);
}
