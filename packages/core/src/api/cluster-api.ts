import type { ExecOptions, ExecSession } from '../contracts/runtime.ts';
import type { Explanation } from '../model/explanation.ts';
import type { AnyInput, AnyObject, InputKind, InputMap, Kind, KindMap } from '../model/kinds.ts';
import type { Availability, Node } from '../model/node.ts';
import type { Service } from '../model/service.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions extends CallOptions {
  /** `app=web,tier!=x`. */
  readonly labels?: string | undefined;
  /** `spec.node=a,status.state!=failed`. */
  readonly fields?: string | undefined;
}

export interface ListResult<T> {
  /** Sorted by name. */
  readonly items: readonly T[];
  /** Watch since this revision to follow the list without a gap. */
  readonly revision: number;
}

export interface WatchOptions extends ListOptions {
  /** Of a list; without it every object is told as `added` first. */
  readonly since?: number | undefined;
}

/** A change of an object that the selectors fit; `deleted` also tells that one no longer fits. */
export interface WatchEvent<T> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: T;
}

export interface WaitOptions extends CallOptions {
  /** `TIMEOUT` after this; without it, never. */
  readonly timeoutMs?: number | undefined;
}

export interface LogOptions extends CallOptions {
  /** Goes on as lines are written, and over to the tasks that replace those that end. */
  readonly follow?: boolean | undefined;
  /** Lines from the end of each task. */
  readonly tail?: number | undefined;
  /** ms since the epoch. */
  readonly since?: number | undefined;
}

export interface LogLine {
  readonly task: string;
  readonly node: string;
  /** ms since the epoch. */
  readonly time: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** Why something is where it is, or is not anywhere. */
export interface ExplainResult {
  readonly kind: 'service' | 'task';
  readonly name: string;
  /** For a task: where it is. */
  readonly node?: string | undefined;
  readonly state?: string | undefined;
  /** What the scheduler said: at its decision, or, for what is pending, now. */
  readonly placement?: Explanation | undefined;
  /** What else stands in the way: a back-off, a paused update, an image that is missing. */
  readonly notes: readonly string[];
}

/**
 * Everything one can ask of a cluster. The embedded cluster and the remote client implement it alike, so that code
 * written against it does not care which it has.
 *
 * @throws from every call: `NOT_FOUND`, `INVALID_OBJECT` (with `issues`), `CONFLICT` when an object changed meanwhile,
 * `UNAVAILABLE`, `TIMEOUT`, `ABORTED`, `CLOSED`.
 */
export interface ClusterApi {
  /**
   * Creates or updates. An object with `meta.revision` is updated only if it still has that revision; without it, the
   * last writer of `spec` and labels wins. Applying the same again changes nothing.
   */
  apply<K extends InputKind>(input: InputMap[K] & { kind: K }, options?: CallOptions): Promise<KindMap[K]>;
  /** All or, if one of them is invalid, none. */
  applyAll(inputs: readonly AnyInput[], options?: CallOptions): Promise<readonly AnyObject[]>;
  get<K extends Kind>(kind: K, name: string, options?: CallOptions): Promise<KindMap[K]>;
  list<K extends Kind>(kind: K, options?: ListOptions): Promise<ListResult<KindMap[K]>>;
  /** Batches of changes, until the signal fires or the loop is left. `COMPACTED`: list again. */
  watch<K extends Kind>(kind: K, options?: WatchOptions): AsyncIterable<readonly WatchEvent<KindMap[K]>[]>;
  /** Deletes it with all that belongs to it; resolves when it is marked, `wait` for `deleted` to see it gone. */
  delete(kind: Kind, name: string, options?: CallOptions): Promise<void>;
  scale(service: string, replicas: number, options?: CallOptions): Promise<Service>;
  /** Back to an earlier template: the last one before the current, or the one named. */
  rollback(service: string, options?: CallOptions & { to?: string }): Promise<Service>;
  /** Replaces every task, by the service's update policy. */
  restart(service: string, options?: CallOptions): Promise<Service>;
  setAvailability(node: string, availability: Availability, options?: CallOptions): Promise<Node>;
  /**
   * Resolves with the object once the condition holds: a function, the type of a condition that is to be `true`
   * (`Available`, `Progressing` …), or `deleted` (resolves with the last state seen, if any).
   */
  wait<K extends Kind>(
    kind: K,
    name: string,
    condition: string | ((object: KindMap[K]) => boolean),
    options?: WaitOptions,
  ): Promise<KindMap[K] | undefined>;
  /** Of one task, or of all tasks of a service. */
  logs(of: { task: string } | { service: string }, options?: LogOptions): AsyncIterable<readonly LogLine[]>;
  exec(task: string, options: ExecOptions): Promise<ExecSession>;
  explain(kind: 'service' | 'task', name: string, options?: CallOptions): Promise<ExplainResult>;
}
