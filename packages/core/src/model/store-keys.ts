/** Keys under which a cluster stores facts about itself, beside its objects. */
export const STORE_KEYS = Object.freeze({
  /** The cluster's uid, as old as its state. */
  identity: 'cluster/identity',
  /** Version of the stored objects. */
  schema: 'cluster/schema',
  /** The lease of the leader: rewritten at each renewal. */
  lease: 'leader/lease',
  /** The term: rewritten only when one begins. The fence of what the leader writes. */
  term: 'leader/term',
});

/** The version of the stored objects that this release reads and writes. */
export const SCHEMA_VERSION = 1;
