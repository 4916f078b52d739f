import { isFinal, type Service, type Task } from '@gantry/core';

/** What a service would come to, once all its tasks are as it wants them. */
export interface Outcome {
  readonly keep: number;
  readonly replace: number;
  readonly stop: number;
  /** Slots that need a new task. */
  readonly slots: readonly string[];
}

/** Compares the tasks there are with those a service would have; `hash`: of its template. Pure. */
export function outcomeOf(
  { spec }: Pick<Service, 'spec'>,
  hash: string,
  tasks: Iterable<Task>,
  globalSlots: ReadonlyMap<string, boolean>,
): Outcome {
  const wanted =
    spec.mode === 'global'
      ? [...globalSlots.keys()]
      : Array.from({ length: spec.replicas }, (_, index) => String(index + 1));
  const live = new Map<string, Task>();
  for (const task of tasks) {
    if (isFinal(task.status.state) || task.spec.desired === 'shutdown') continue;
    const known = live.get(task.spec.slot);
    if (known === undefined || known.spec.attempt < task.spec.attempt) live.set(task.spec.slot, task);
  }
  let keep = 0;
  let replace = 0;
  const slots: string[] = [];
  for (const slot of wanted) {
    const task = live.get(slot);
    live.delete(slot);
    if (task?.spec.template === hash && task.spec.restartedAt === spec.restartedAt) {
      keep++;
      continue;
    }
    if (task !== undefined) replace++;
    slots.push(slot);
  }
  return { keep, replace, stop: live.size, slots };
}
