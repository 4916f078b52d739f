import type { Store } from '@gantry/core';

/** The store for a composition that must not close it. */
export function lent(store: Store): Store {
  return {
    supports: store.supports,
    get: (key, options) => store.get(key, options),
    list: (prefix, options) => store.list(prefix, options),
    commit: (changes, options) => store.commit(changes, options),
    watch: (prefix, options) => store.watch(prefix, options),
  };
}
