import type { Entry, ViewEvent } from '@gantry/core/contracts';
import type { Task } from '@gantry/core/model';

/** Tasks of one service and template that wait for a node. */
export interface PendingGroup {
  readonly service: string;
  readonly template: string;
  readonly tasks: Map<string, Entry<Task>>;
}

/** All tasks that wait for a node, in groups, in the order of their arrival. */
export class Pending {
  readonly #groups = new Map<string, PendingGroup>();

  get groups(): Iterable<PendingGroup> {
    return this.#groups.values();
  }

  get empty(): boolean {
    return this.#groups.size === 0;
  }

  /** Returns whether there is something new to place. */
  apply({ name, before, after }: ViewEvent<'task'>): boolean {
    const waited = before !== undefined && waits(before.value);
    const waiting = after !== undefined && waits(after.value);
    if (!waited && !waiting) return false;
    const task = (after ?? before)?.value as Task;
    const id = `${task.spec.service} ${task.spec.template}`;
    const group = this.#groups.get(id);
    if (waiting) {
      if (group === undefined) {
        const { service, template } = task.spec;
        this.#groups.set(id, { service, template, tasks: new Map([[name, after]]) });
      } else group.tasks.set(name, after);
      return !waited;
    }
    if (group?.tasks.delete(name) && group.tasks.size === 0) this.#groups.delete(id);
    return false;
  }
}

function waits({ spec, status }: Task): boolean {
  return status.state === 'pending' && spec.node === undefined && spec.desired !== 'shutdown';
}
