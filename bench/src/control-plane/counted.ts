import { type Change, contracts, definePlugin, type Outcome, type Plugin, type Store } from '@gantry/core';

/** What was written to a store, by what the keys begin with. */
export class Counts {
  commits = 0;
  writes = 0;
  refused = 0;
  readonly byFolder: Record<string, number> = {};

  note(changes: readonly Change[], outcomes: readonly Outcome[]): void {
    this.commits++;
    outcomes.forEach(({ ok }, index) => {
      if (!ok) {
        this.refused++;
        return;
      }
      const folder = changes[index]?.key.split('/')[0] ?? '';
      this.byFolder[folder] = (this.byFolder[folder] ?? 0) + 1;
      this.writes++;
    });
  }
}

/** The same store, of which every commit is counted. */
export function counted(plugin: Plugin, counts: Counts): Plugin {
  return definePlugin({
    name: plugin.name,
    provides: contracts.store,
    needs: plugin.needs as { clock: typeof contracts.clock },
    create: (_options, needs) => {
      const store = plugin.create(needs) as Store & { start(signal: AbortSignal): Promise<void> };
      const commit = store.commit.bind(store);
      store.commit = async (changes, options) => {
        const outcomes = await commit(changes, options);
        counts.note(changes, outcomes);
        return outcomes;
      };
      return store;
    },
  })();
}
