import type { Task } from '@gantry/core/model';
import type { FitnessOf } from './modes/service-mode.ts';
import type { Slot } from './slots.ts';
import { isCurrent, type Target } from './update.ts';

/** A wanted slot, with its tasks compared with what the service wants. */
export interface SlotView {
  readonly slot: Slot;
  /** The task that is what the service wants, on a node where it may stay. */
  readonly fresh: Task | undefined;
  /** Live tasks that are removed once there is a fresh one. */
  readonly old: readonly Task[];
}

/** Classifies the tasks of a slot. Pure. */
export function viewOf(
  slot: Slot,
  target: Pick<Target, 'template' | 'restartedAt'>,
  fitness: FitnessOf,
): SlotView {
  const stays = (task: Task): boolean =>
    isCurrent(task, target) && (task.spec.node === undefined || fitness(task.spec.node) !== 'draining');
  const [only] = slot.live;
  if (slot.live.length === 1 && only !== undefined) {
    return stays(only) ? { slot, fresh: only, old: [] } : { slot, fresh: undefined, old: slot.live };
  }
  const current = slot.live.filter(stays);
  const fresh = current.findLast((task) => task.status.ready) ?? current.at(-1);
  return { slot, fresh, old: slot.live.filter((task) => task !== fresh) };
}
