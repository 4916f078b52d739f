/** A kind of object, as the cluster knows it. */
export interface KindInfo {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Users create and change it; the others are written by the cluster. */
  readonly writable: boolean;
}
