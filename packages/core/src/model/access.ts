import type { Kind } from './kind-map.ts';

/**
 * `viewer` reads; `operator` also changes workloads; `admin` also changes nodes and tokens. Each role includes the
 * previous one.
 */
export type Role = 'viewer' | 'operator' | 'admin';

/** A role in one namespace, or with `*` in all namespaces and for objects that are not namespaced. */
export interface Grant {
  /** The role. */
  readonly role: Role;
  /** Name of the namespace, or `*`. */
  readonly namespace: string;
}

/** Objects whose viewers may view an object that they refer to. */
export interface ViewedThrough {
  /** Kind of these objects; it has to be namespaced. */
  readonly kind: Kind;
  /** Index of that kind's definition (`indexes`) that finds them by the id of the object to view. */
  readonly index: string;
}

/** Who may read and write the objects of a kind. */
export interface KindAccess {
  /** The role that creating, changing and deleting an object needs (default: `operator`). */
  readonly write?: Role | undefined;
  /**
   * For a kind that is not namespaced: an object may also be read, one at a time, by whoever may view one of these objects,
   * and its confidential values by their operators (default: only by viewers of all namespaces).
   */
  readonly viewedThrough?: readonly ViewedThrough[] | undefined;
}
