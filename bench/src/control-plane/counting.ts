import type { Plugin, Store } from '@gantry/core';
import type { Change } from '@gantry/core/contracts';
import type { Task } from '@gantry/core/model';

/** The writes made through a store. */
export class Counts {
  commits = 0;
  /** Number of changes that were rejected because their expectation did not hold. */
  refused = 0;
  /** Number of written keys of tasks, by the state they were written with. */
  readonly states = new Map<string, number>();
  /** Number of all other written keys, by kind. */
  readonly kinds = new Map<string, number>();

  clear(): void {
    this.commits = 0;
    this.refused = 0;
    this.states.clear();
    this.kinds.clear();
  }

  /** Number of written keys, one for each successful change. */
  get writes(): number {
    return [...this.states.values(), ...this.kinds.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Writes by kind, the most frequent first. */
  get byKind(): Readonly<Record<string, number>> {
    const states = [...this.states].map(([state, count]) => [`tasks: ${state}`, count] as const);
    return Object.fromEntries([...states, ...this.kinds].sort(([, a], [, b]) => b - a));
  }

  /** Counts a change. Builds no string for a task: this runs within the measurement. */
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
