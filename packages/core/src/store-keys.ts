/** Keys of a store that do not belong to objects: the cluster's own records. */
export const STORE_KEYS = Object.freeze({
  /** The cluster's uid, as old as its state. */
  identity: 'cluster/identity',
  /** The schema version of the stored objects. */
  schema: 'cluster/schema',
  /** The leader's lease: rewritten at each renewal. */
  lease: 'leader/lease',
  /** The term: rewritten only when one begins. The fence of what the leader writes. */
  term: 'leader/term',
});

/** The version of the stored objects that this release reads and writes. */
export const SCHEMA_VERSION = 1;
