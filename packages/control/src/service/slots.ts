import { isFinal, type Task } from '@gantry/core/model';

/** What is known of a node for decisions about its tasks. */
export type NodeFitness = 'usable' | 'cordoned' | 'draining' | 'down' | 'gone';

/** The tasks of one replica, sorted out. */
export interface Slot {
  readonly id: string;
  /** Should run, and can: newest last. */
  live: readonly Task[];
  /** Asked to stop, and not known to have ended. */
  leaving: readonly Task[];
  /** Should run, but their node is down or gone. */
  lost: readonly Task[];
  /** Ended: newest last. */
  ended: readonly Task[];
  /** The newest attempt of all. */
  last: Task | undefined;
}

/** Most groups of most slots are empty: they share this. */
const NONE: readonly Task[] = Object.freeze([]);

/** A slot without tasks. */
export function emptySlot(id: string): Slot {
  return { id, live: NONE, leaving: NONE, lost: NONE, ended: NONE, last: undefined };
}

/** Sorts the tasks of a service by slot. Slots come in the order in which they are first seen. */
export function slotsOf(tasks: Iterable<Task>, fitness: (node: string) => NodeFitness): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  for (const task of tasks) {
    let slot = slots.get(task.spec.slot);
    if (slot === undefined) {
      slot = emptySlot(task.spec.slot);
      slots.set(slot.id, slot);
    }
    const group = groupOf(task, fitness);
    slot[group] = slot[group].length === 0 ? [task] : inserted(slot[group], task);
    if (slot.last === undefined || task.spec.attempt > slot.last.spec.attempt) slot.last = task;
  }
  return slots;
}

function groupOf(task: Task, fitness: (node: string) => NodeFitness): 'live' | 'leaving' | 'lost' | 'ended' {
  if (isFinal(task.status.state)) return 'ended';
  const at = task.spec.node === undefined ? 'usable' : fitness(task.spec.node);
  if (at === 'gone' || at === 'down') return 'lost';
  return task.spec.desired === 'shutdown' ? 'leaving' : 'live';
}

/** A short list with one more task, in the order of attempts. */
function inserted(list: readonly Task[], task: Task): readonly Task[] {
  const before = list.findIndex(({ spec }) => spec.attempt > task.spec.attempt);
  return before < 0 ? [...list, task] : list.toSpliced(before, 0, task);
}
