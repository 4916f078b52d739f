import type { GantryError } from '../errors.ts';
import type { StandardSchema } from '../standard-schema.ts';
import type { KindAccess } from './access.ts';
import type { KindInfo } from './kind-info.ts';
import type { Kind, KindMap } from './kind-map.ts';
import type { ObjectMeta } from './meta.ts';

/** What a user has declared of an object, filled in: what references, claims and drivers are read from. */
export type Declared<K extends Kind = Kind> = Pick<KindMap[K], 'kind' | 'spec'> & {
  /** Name and namespace of the object. */
  readonly meta: Pick<ObjectMeta, 'name' | 'namespace'>;
};

/** Another object that an object refers to. It has to exist when the reference is made; later it may be gone. */
export interface Reference {
  /** Kind of the other object. */
  readonly kind: Kind;
  /** Id of the other object. */
  readonly id: string;
  /** The field that refers to it, such as `spec.dependsOn[0].service`. */
  readonly path: string;
  /** The other object cannot be deleted while this one refers to it (default: false). */
  readonly keeps?: boolean | undefined;
  /** References that must not lead back to where they began (default: false). */
  readonly acyclic?: boolean | undefined;
}

/** Something of which there is one in the whole cluster, such as a published port: one object at a time has it. */
export interface Claim {
  /** Names it, also for people: `published port 80/tcp`. */
  readonly name: string;
  /** The field that claims it. */
  readonly path: string;
}

/** A driver that is installed under a name, which an object asks for. */
export interface DriverReference {
  /** The contract that the driver implements. */
  readonly contract: 'scheduler';
  /** Name under which the driver is installed. */
  readonly name: string;
  /** The field that names it. */
  readonly path: string;
}

/** Values in an object that its readers do not get. */
export interface SecretFields<Spec> {
  /** Returns the spec with `REDACTED` for each secret, or the very same spec if it has none. */
  redact(spec: Spec): Spec;
  /**
   * Returns a spec that a user has written with the stored value for each `REDACTED`, or the very same spec.
   *
   * @param spec only the fields that the user has set
   * @param stored absent for a new object
   * @throws `INVALID_OBJECT` for each `REDACTED` that nothing stored may stand for.
   */
  keep?(spec: Partial<Spec>, stored: Spec | undefined): Partial<Spec>;
  /**
   * Returns the spec as viewers receive it, with `REDACTED` for each value that only operators may read, or the very same
   * spec (default). Names may be read by all. The spec may already be redacted.
   */
  hide?(spec: Spec): Spec;
  /** Names what is confidential in a stored spec, in the plural: `registry passwords` (default: nothing). */
  contents?(spec: Spec): readonly string[];
}

/** What happens to an object that is deleted; by default it is removed from the store at once. */
export interface Deletion<T> {
  /** Returns why the object cannot be deleted now, or undefined. */
  refuse?(object: T): GantryError | undefined;
  /**
   * The component that removes the object once everything that belongs to it is gone. Deleting the object only sets
   * `meta.deletedAt`; from then on its spec cannot be changed.
   */
  readonly finalizer?: string | undefined;
  /** Returns the object as it is stored until its finalizer removes it (default: the same with `meta.deletedAt`). */
  begin?(object: T, now: number): T;
}

/**
 * What the rest of Gantry has to know of a kind: how its objects are written and stored, what they refer to, and what
 * happens when they go. Its functions are pure.
 */
export interface KindDefinition<K extends Kind = Kind> extends Omit<KindInfo, 'kind' | 'writable'> {
  /** Singular, as in `kind: service`. */
  readonly kind: K;
  /** In one sentence. */
  readonly description: string;
  /**
   * Validates and fills in what a user writes: an object of `kind`, `meta` and `spec`. Absent: only the cluster writes it.
   * A zod schema also describes itself in the API's documents. `inputSchema` makes one.
   */
  readonly input?: StandardSchema | undefined;
  /** The creator of objects of this kind, if users only change them: `its agent`. */
  readonly createdBy?: string | undefined;
  /**
   * Validates the status that the kind's controller writes through `contracts.writer`; its output is stored. Absent: no
   * controller writes it that way.
   */
  readonly status?: StandardSchema | undefined;
  /** The status of an object that a user creates; absent: none. */
  readonly initialStatus?: StatusOf<KindMap[K]> | undefined;
  /** Objects that are applied together are stored in the order of this number (default: 0), then in their own order. */
  readonly applyOrder?: number | undefined;
  /** Fields that cannot be changed: `spec`, or `spec.size`. */
  readonly immutable?: readonly string[] | undefined;
  /** Who may read and write its objects (default: viewers and operators of the object's namespace). */
  readonly access?: KindAccess | undefined;
  /** Values that readers do not get (default: none). */
  readonly secrets?: SecretFields<KindMap[K]['spec']> | undefined;
  /** What happens when an object is deleted (default: it is removed at once). */
  readonly deletion?: Deletion<KindMap[K]> | undefined;
  /**
   * How its objects are grouped in views: for each index the value, or values, of an object. Name them in `ViewIndexes` by
   * declaration merging. References and claims have indexes of their own.
   */
  readonly indexes?: Readonly<Record<string, IndexReader<K>>> | undefined;
  /** Returns the objects that the object refers to (default: none). */
  references?(object: Declared<K>): readonly Reference[];
  /** Returns what the object claims (default: nothing). */
  claims?(object: Declared<K>): readonly Claim[];
  /** Returns the drivers that the object names (default: none). */
  drivers?(object: Declared<K>): readonly DriverReference[];
}

interface WithStatus<S> {
  readonly status: S;
}

/** The type of an object's status; `never` if it has none. */
export type StatusOf<T> = T extends WithStatus<infer S> ? S : never;

/** The values under which an index has an object; undefined for none. */
export type IndexReader<K extends Kind> = {
  // A method: a definition of one kind is one of any kind.
  /** Returns the value, or the values, under which the object is found. */
  read(object: KindMap[K]): string | readonly string[] | undefined;
}['read'];

/** How a reference is called in the index of views: `network/team-a/front`. */
export function referenceKey({ kind, id }: Pick<Reference, 'kind' | 'id'>): string {
  return `${kind}/${id}`;
}
