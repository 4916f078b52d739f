import type { Change, Plugin, Store, Task } from '@gantry/core';

/** What was written through a store. */
export class Counts {
  commits = 0;
  /** Changes that were refused, for what they expected was not there. */
  refused = 0;
  /** Keys of tasks that were written, by the state they were written with. */
  readonly states = new Map<string, number>();
  /** All other keys that were written, by their kinds. */
  readonly kinds = new Map<string, number>();

  clear(): void {
    this.commits = 0;
    this.refused = 0;
    this.states.clear();
    this.kinds.clear();
  }

  /** Keys that were written, one for each change that was done. */
  get writes(): number {
    return [...this.states.values(), ...this.kinds.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Writes by what they were, the most frequent first. */
  get byKind(): Readonly<Record<string, number>> {
    const states = [...this.states].map(([state, count]) => [`tasks: ${state}`, count] as const);
    return Object.fromEntries([...states, ...this.kinds].sort(([, a], [, b]) => b - a));
  }

  /** Builds no string for a task: this runs within what is measured. */
  add({ key, value }: Change): void {
    if (value !== undefined && key.startsWith('tasks/')) bump(this.states, (value as Task).status.state);
    else bump(this.kinds, key.slice(0, key.indexOf('/')) + (value === undefined ? ': deleted' : ''));
  }
}

/** The same store, whose commits are counted. */
export function counting(plugin: Plugin, counts: Counts): Plugin {
  return {
    ...plugin,
    create: (needs) => {
      const store = plugin.create(needs) as Store;
      const commit = store.commit.bind(store);
      store.commit = async (changes, options) => {
        const outcomes = await commit(changes, options);
        counts.commits++;
        for (let i = 0; i < outcomes.length; i++) {
          if (outcomes[i]?.ok) counts.add(changes[i] as Change);
          else counts.refused++;
        }
        return outcomes;
      };
      return store;
    },
  };
}

function bump(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
