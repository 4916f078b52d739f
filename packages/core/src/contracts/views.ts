import type { Kind, KindMap } from '../model/kind-map.ts';
import type { Entry } from './store.ts';

/** A change that a view has taken in: before (absent when created) and after (absent when deleted). */
export interface ViewEvent<K extends Kind = Kind> {
  /** Kind of the object. */
  readonly kind: K;
  /** Its id. */
  readonly name: string;
  /** The entry before the change; undefined if it was created. */
  readonly before: Entry<KindMap[K]> | undefined;
  /** The entry after the change; undefined if it was deleted. */
  readonly after: Entry<KindMap[K]> | undefined;
}

/**
 * Names of the indexes by which objects of a kind are grouped: those of its `KindDefinition`. A plugin that brings a kind
 * with indexes adds them by declaration merging.
 */
export interface ViewIndexes {
  /** Tasks by the id of their service, and by the name of their node. */
  readonly task: 'service' | 'node';
  /** Services by each template that they use or have used. */
  readonly service: 'templates';
  /** Events by `kind/id` of the object that they concern. */
  readonly event: 'regarding';
}

/** `references` (by `referenceKey`) and `claims` (by name) exist for each kind whose definition has such. */
export type ViewIndex<K extends Kind> =
  | (K extends keyof ViewIndexes ? ViewIndexes[K] : never)
  | 'references'
  | 'claims';

/** A read-only, always current collection of all objects of one kind; its entries are shared and frozen. */
export interface View<K extends Kind> {
  /** Kind of the objects. */
  readonly kind: K;
  /** Number of objects. */
  readonly size: number;
  /** The store's revision up to which it has seen everything of its kind. */
  readonly revision: number;
  /** Returns the entry of one object, or undefined if there is none. */
  get(id: string): Entry<KindMap[K]> | undefined;
  /** Returns the entries of all objects, in no particular order. */
  all(): Iterable<Entry<KindMap[K]>>;
  /** Those with this value of an index, such as the tasks of a service; an empty iterable when none. */
  by(index: ViewIndex<K>, value: string): Iterable<Entry<KindMap[K]>>;
  /** Returns the number of objects with this value of an index. */
  countBy(index: ViewIndex<K>, value: string): number;
  /** Called after each batch was taken in. */
  subscribe(listener: (events: readonly ViewEvent<K>[]) => void): () => void;
  /** Resolves once everything up to `revision` was taken in: await it after a commit to read your own writes. */
  reached(revision: number, signal?: AbortSignal): Promise<void>;
}

/** One watch per kind for the whole process, shared by all controllers. */
export interface Views {
  /** Returns the view of a kind. */
  of<K extends Kind>(kind: K): View<K>;
}
