import { isFinal, type Task } from '@gantry/core';

/** What is known of a node when it comes to the tasks on it. */
export type NodeFitness = 'usable' | 'draining' | 'down' | 'gone';

/** The tasks of one replica, sorted out. */
export interface Slot {
  readonly id: string;
  /** Should run, and can: newest last. */
  readonly live: Task[];
  /** Told to stop, and not known to have ended. */
  readonly leaving: Task[];
  /** Should run, but their node is down or gone. */
  readonly lost: Task[];
  /** Ended: newest last. */
  readonly ended: Task[];
  /** The newest attempt of all. */
  last: Task | undefined;
}

/** Sorts the tasks of a service by slot. Slots come in the order in which they are first seen. */
export function slotsOf(tasks: Iterable<Task>, fitness: (node: string) => NodeFitness): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  for (const task of tasks) {
    let slot = slots.get(task.spec.slot);
    if (slot === undefined) {
      slot = { id: task.spec.slot, live: [], leaving: [], lost: [], ended: [], last: undefined };
      slots.set(slot.id, slot);
    }
    insert(groupOf(slot, task, fitness), task);
    if (slot.last === undefined || task.spec.attempt > slot.last.spec.attempt) slot.last = task;
  }
  return slots;
}

function groupOf(slot: Slot, task: Task, fitness: (node: string) => NodeFitness): Task[] {
  if (isFinal(task.status.state)) return slot.ended;
  const at = task.spec.node === undefined ? 'usable' : fitness(task.spec.node);
  if (at === 'gone') return slot.lost;
  if (task.spec.desired === 'shutdown') return at === 'down' ? slot.lost : slot.leaving;
  return at === 'down' ? slot.lost : slot.live;
}

/** Keeps a short list in the order of attempts. */
function insert(list: Task[], task: Task): void {
  let index = list.length;
  while (index > 0 && (list[index - 1] as Task).spec.attempt > task.spec.attempt) index--;
  list.splice(index, 0, task);
}
