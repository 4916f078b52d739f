import type { ApplyOptions, CallOptions, PatchOptions, WriteOptions } from '../api/cluster-api.ts';
import type { StatusOf } from '../model/kind-definition.ts';
import type { InputKind, InputMap, Kind, KindMap } from '../model/kind-map.ts';
import type { Service } from '../model/service.ts';

/** The kinds whose objects have a status. */
export type StatusKind = { readonly [K in Kind]: StatusOf<KindMap[K]> extends never ? never : K }[Kind];

/**
 * How controllers and other leader components write objects: validated and admitted like what a user writes, and fenced
 * like everything that a leader writes. Each call reads the newest state, changes it, and does so again if another writer
 * was faster. It resolves once this process's views show the result. What changes nothing is not written.
 *
 * @throws from every call: `NOT_FOUND`, `INVALID_OBJECT` (with `issues`), `CONFLICT`, `FENCED` when the term has ended,
 * `UNAVAILABLE`, `TIMEOUT`, `ABORTED`. A reconcile may let them pass: its queue tries again, with backoff.
 */
export interface Writer {
  /** Creates or updates, as `ClusterApi.apply`: give your controller's name as `manager`. */
  apply<K extends InputKind>(input: InputMap[K] & { kind: K }, options?: ApplyOptions): Promise<KindMap[K]>;
  /** Changes some fields of labels, annotations and `spec`, as `ClusterApi.patch`. */
  patch<K extends InputKind>(
    kind: K,
    id: string,
    patch: unknown,
    options?: PatchOptions,
  ): Promise<KindMap[K]>;
  /** Sets the number of replicas of a replicated service. */
  scale(service: string, replicas: number, options?: WriteOptions): Promise<Service>;
  /** Replaces every task, by the service's update policy. */
  restart(service: string, options?: WriteOptions): Promise<Service>;
  /**
   * Replaces the status of an object by what `status` returns for its newest state. It may be called several times.
   *
   * @throws `UNSUPPORTED` for a kind that declares no schema of its status: the core's kinds are written by their own
   * components. `INVALID_OBJECT` for a status that the schema refuses.
   */
  setStatus<K extends StatusKind>(
    kind: K,
    id: string,
    status: (object: KindMap[K]) => StatusOf<KindMap[K]>,
    options?: CallOptions,
  ): Promise<KindMap[K]>;
  /** Deletes an object; one with a finalizer is only marked. */
  delete(kind: Kind, id: string, options?: WriteOptions): Promise<void>;
  /**
   * Removes an object that is being deleted, once the finalizer has removed what belongs to it. Does nothing if the object
   * is gone.
   *
   * @throws `CONFLICT` if the object is not being deleted.
   */
  finalize(kind: Kind, id: string, options?: CallOptions): Promise<void>;
}
