import { GantryError, isGantryError, type Store } from '@gantry/core';
import type { Change, CommitOptions, Outcome, Term } from '@gantry/core/contracts';

/**
 * The store as the parts of a leader are given it: what they write after their term is refused. By the clock of this
 * process, and where the store has fences, by the store itself, even if the process was halted in between.
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
