import type { Service, Task } from '@gantry/core/model';
import { modeOf } from './modes/mode-of.ts';
import { decideRestart } from './restart.ts';
import type { PlanInput } from './service-plan.ts';
import { viewOf } from './slot-view.ts';
import { emptySlot, slotsOf } from './slots.ts';

/** The state of a service once all its tasks are as it wants them. */
export interface Outcome {
  readonly keep: number;
  readonly replace: number;
  readonly stop: number;
  /** Slots that need a new task. */
  readonly slots: readonly string[];
  /** Number of tasks that the service requests beyond `slots`: see `MAX_UNPLACED`. */
  readonly beyond: number;
}

/**
 * Compares the existing tasks with those a service would have; `template`: hash of its template. Considers slots in the
 * same way as `planService`, but returns the result of all its steps together. Pure.
 */
export function outcomeOf({
  service,
  template,
  tasks,
  fitness,
  nodes,
}: Pick<PlanInput, 'template' | 'tasks' | 'fitness' | 'nodes'> & {
  readonly service: Pick<Service, 'spec'>;
}): Outcome {
  const { restart, restartedAt } = service.spec;
  const target = { template, restartedAt };
  const mode = modeOf(service.spec);
  const present = slotsOf(tasks, mode.fitness(fitness));
  const { wanted, total, open } = mode.wantedSlots({ service, slots: present, fitness, nodes });
  let keep = 0;
  let replace = 0;
  let stop = 0;
  const slots: string[] = [];
  for (const { id, live } of present.values()) if (!wanted.has(id)) stop += live.length;
  for (const id of wanted) {
    const { slot, fresh, old } = viewOf(present.get(id) ?? emptySlot(id), target, fitness);
    const isOpen = open?.has(id) !== false;
    if (fresh !== undefined) {
      keep++;
      stop += old.length;
    } else if (old.length > 0) {
      if (isOpen) replace++;
      else keep++;
      stop += old.length - 1;
      if (isOpen) slots.push(id);
    } else if (isOpen && !isOver(slot.ended.at(-1))) slots.push(id);
  }
  return { keep, replace, stop, slots, beyond: total - wanted.size };

  /** A task that has ended, and is not restarted. */
  function isOver(last: Task | undefined): boolean {
    return last !== undefined && !decideRestart(last, restart, target).restart;
  }
}
