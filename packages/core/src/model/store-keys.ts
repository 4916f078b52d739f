/** The keys of a store that are no object's: what a cluster keeps about itself. */
export const STORE_KEYS = Object.freeze({
  /** The cluster's uid, as old as its state. */
  identity: 'cluster/identity',
  /** The version of what is stored. */
  schema: 'cluster/schema',
  /** Who leads: rewritten at each renewal. */
  lease: 'leader/lease',
  /** The term: rewritten only when one begins. The fence of what the leader writes. */
  term: 'leader/term',
});

/** The version of the stored objects that this release reads and writes. */
export const SCHEMA_VERSION = 1;
