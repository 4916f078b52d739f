/** A column of the table that shows objects of a kind. */
export interface KindColumn {
  /** In capitals, such as `ZONE`. */
  readonly title: string;
  /** The field it shows, such as `spec.zone`: text, a number or a boolean. */
  readonly path: string;
  /** Shown with `-o wide` only (default: false). */
  readonly wide?: boolean | undefined;
}

/** A kind of object, as the cluster knows it. */
export interface KindInfo {
  /** Singular name, as in `kind: service`. */
  readonly kind: string;
  /** As in a path and in `gantry get services`. */
  readonly plural: string;
  /** Other names for it: `svc`. */
  readonly shortNames: readonly string[];
  /** Whether its objects live in namespaces. */
  readonly namespaced: boolean;
  /** Users create and change it; the others are written by the cluster. */
  readonly writable: boolean;
  /** What `gantry get` shows between name and age (default: nothing). */
  readonly columns?: readonly KindColumn[] | undefined;
}
