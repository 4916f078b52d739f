import type { Store } from '@gantry/core';
import { CommitBatcher } from './commit-batcher.ts';

/** The store as leader-scoped components see it: commits that are made at the same moment are written together. */
export function leaderStore(store: Store): Store {
  const batcher = new CommitBatcher((changes, options) => store.commit(changes, options));
  return {
    supports: store.supports,
    get: (key, options) => store.get(key, options),
    list: (prefix, options) => store.list(prefix, options),
    watch: (prefix, options) => store.watch(prefix, options),
    commit: (changes, options) =>
      options?.fence === undefined ? batcher.commit(changes, options) : store.commit(changes, options),
  };
}
