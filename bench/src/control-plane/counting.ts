import type { Change, Plugin, Store, Task } from '@gantry/core';

/** What was written through a store. */
export class Counts {
  commits = 0;
  /** Keys that were written, one for each change that was done. */
  writes = 0;
  /** Changes that were refused, for what they expected was not there. */
  refused = 0;
  /** Writes by what they were: a kind, and of tasks the state they were written with. */
  readonly kinds = new Map<string, number>();

  clear(): void {
    this.commits = 0;
    this.writes = 0;
    this.refused = 0;
    this.kinds.clear();
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
        outcomes.forEach(({ ok }, index) => {
          if (!ok) {
            counts.refused++;
            return;
          }
          counts.writes++;
          const kind = kindOf(changes[index] as Change);
          counts.kinds.set(kind, (counts.kinds.get(kind) ?? 0) + 1);
        });
        return outcomes;
      };
      return store;
    },
  };
}

function kindOf({ key, value }: Change): string {
  const kind = key.slice(0, key.indexOf('/'));
  if (value === undefined) return `${kind}: deleted`;
  return kind === 'tasks' ? `tasks: ${(value as Task).status.state}` : kind;
}
