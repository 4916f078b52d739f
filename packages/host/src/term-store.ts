import { GantryError, isGantryError, type Store } from '@gantry/core';
import type { Change, CommitOptions, Outcome, Term } from '@gantry/core/contracts';

/**
 * The store as leader-scoped components see it: writes after their term are rejected, by the clock of this process,
 * and, if the store has fences, by the store itself, even if the process was halted in between.
 */
export function termStore(store: Store, term: Term): Store {
  const { supports } = store;
  return {
    supports,
    get: (key, options) => store.get(key, options),
    list: (prefix, options) => store.list(prefix, options),
    watch: (prefix, options) => store.watch(prefix, options),
    async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<readonly Outcome[]> {
      if (options.fence !== undefined)
        throw new TypeError('the commits of a leader have the fence of its term, and no other');
      if (!term.holds()) throw new GantryError('FENCED', `term ${term.number} is over`);
      if (!supports.fencing) return await store.commit(changes, options);
      try {
        return await store.commit(changes, { ...options, fence: term.fence });
      } catch (error) {
        if (isGantryError(error, 'FENCED')) term.end(error);
        throw error;
      }
    },
  };
}
