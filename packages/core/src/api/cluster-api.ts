import type { Explanation } from '../model/explanation.ts';
import type { KindInfo } from '../model/kind-info.ts';
import type { AnyInput, AnyObject, InputKind, InputMap, Kind, KindMap } from '../model/kind-map.ts';
import type { Availability, Node } from '../model/node.ts';
import type { Resources } from '../model/resources.ts';
import type { Server } from '../model/server.ts';
import type { Service } from '../model/service.ts';
import type { ExecOptions, ExecSession } from './exec.ts';

/** Options of every call. */
export interface CallOptions {
  /** Ends the call, which then fails with `ABORTED`. A write that was already sent may still be carried out. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of calls that write. */
export interface WriteOptions extends CallOptions {
  /** Validate, merge and admit without storing anything. Returns the object that would be stored. */
  readonly dryRun?: boolean | undefined;
}

/** Options of `apply`, `applyAll` and `plan`. */
export interface ApplyOptions extends WriteOptions {
  /** Field manager: the fields it sets are recorded, and removed when it no longer sets them (default: `gantry`). */
  readonly manager?: string | undefined;
  /** Take ownership of fields that another manager set to a different value (default: `CONFLICT`, which names them). */
  readonly force?: boolean | undefined;
}

/** Options of `patch`. */
export interface PatchOptions extends WriteOptions {
  /** Patch only if the object still has this revision. */
  readonly revision?: number | undefined;
}

/** What to select: `app=web,tier!=x` and `spec.node=a,status.state!=failed`. */
export interface SelectOptions extends CallOptions {
  /** Default: all namespaces. Does not apply to kinds that are not namespaced. */
  readonly namespace?: string | undefined;
  /** Label selector, such as `app=web,tier!=x` (default: every object). */
  readonly labels?: string | undefined;
  /** Field selector, such as `spec.node=a,status.state!=failed` (default: every object). */
  readonly fields?: string | undefined;
}

/** Options of `list`. */
export interface ListOptions extends SelectOptions {
  /** Maximum number of items; pass the result's `continue` to get the next page. */
  readonly limit?: number | undefined;
  /** `continue` of the previous page. Pages do not form a snapshot: watch since the revision of the first one. */
  readonly continue?: string | undefined;
}

/** One page of a list. */
export interface ListResult<T> {
  /** Sorted by id. */
  readonly items: readonly T[];
  /** Watch since this revision to follow the list without a gap. */
  readonly revision: number;
  /** Where the next page begins; absent on the last page. */
  readonly continue?: string | undefined;
}

/** Options of `watch`. */
export interface WatchOptions extends SelectOptions {
  /** Revision of a list. Default: every existing object is first reported as `added`. */
  readonly since?: number | undefined;
}

/** A change of an object that matches the selectors; `deleted` also means that an object no longer matches. */
export interface WatchEvent<T> {
  /** What happened to the object. */
  readonly type: 'added' | 'modified' | 'deleted';
  /** The object after the change; for `deleted`, its last state. */
  readonly object: T;
}

/** Options of `wait`. */
export interface WaitOptions extends CallOptions {
  /** Time until the wait fails with `TIMEOUT`, ms (default: never). */
  readonly timeoutMs?: number | undefined;
}

/** Options of `logs`. */
export interface LogOptions extends CallOptions {
  /** Stream new lines as they are written, and follow on to the tasks that replace those that end. */
  readonly follow?: boolean | undefined;
  /** Lines from the end of each task. */
  readonly tail?: number | undefined;
  /** ms since the epoch. */
  readonly since?: number | undefined;
  /** Read the previous attempt in the same slot instead of the current one. */
  readonly previous?: boolean | undefined;
}

/** One line of a task's output. */
export interface LogLine {
  /** Id of the task. */
  readonly task: string;
  /** Name of the node that runs the task. */
  readonly node: string;
  /** ms since the epoch. */
  readonly time: number;
  /** Stream that the task wrote to. */
  readonly stream: 'stdout' | 'stderr';
  /** Text of the line, without its line terminator. */
  readonly text: string;
}

/** Options of `dial`. */
export interface DialOptions extends CallOptions {
  /** A port where the task listens, as its template names it. */
  readonly port: number;
  /** Bytes to send; its end closes that direction. */
  readonly input: AsyncIterable<Uint8Array>;
}

/** Resource usage of one task. */
export interface TaskStats {
  /** Id of the task. */
  readonly task: string;
  /** Name of the node that runs the task. */
  readonly node: string;
  /** When it was measured, ms since the epoch. */
  readonly time: number;
  /** CPU time used since its start, ms; two samples give the rate. */
  readonly cpuMs: number;
  /** Bytes. */
  readonly memory: number;
}

/** Why an object is where it is, or nowhere. */
export interface ExplainResult {
  /** Kind of the explained object. */
  readonly kind: 'service' | 'task';
  /** Id of the explained object. */
  readonly name: string;
  /** For a task: where it is. */
  readonly node?: string | undefined;
  /** State of the task, or of the service's progress. */
  readonly state?: string | undefined;
  /** The scheduler's explanation: of its decision or, for a pending task, as of now. */
  readonly placement?: Explanation | undefined;
  /** Other obstacles: a back-off, a paused update, a missing image. */
  readonly notes: readonly string[];
}

/** The effect of applying a service in the current state. */
export interface PlannedService {
  /** Id of the service. */
  readonly service: string;
  /** What applying would do to the stored service. */
  readonly change: 'create' | 'update' | 'unchanged';
  /** Number of tasks that would stay as they are. */
  readonly keep: number;
  /** Number of tasks that would be replaced. */
  readonly replace: number;
  /** Number of tasks that would be stopped. */
  readonly stop: number;
  /** Where each new task would go, in the order in which they would be placed; fewer than wanted if some fit nowhere. */
  readonly nodes: readonly string[];
  /** New tasks that fit nowhere. */
  readonly unplaced: number;
  /** The scheduler's explanation of where the new tasks would go; absent if there are none. */
  readonly placement?: Explanation | undefined;
}

/** Facts about a cluster. */
export interface ClusterSummary {
  /** Name of the cluster, a DNS label. */
  readonly name: string;
  /** Changes when the state was lost: revisions of different uids cannot be compared. */
  readonly uid: string;
  /** Version of the server that answered. */
  readonly version: string;
  /** Whether the state outlives the process that holds it. */
  readonly durable: boolean;
  /** Revision of the store, as this server has seen it. */
  readonly revision: number;
  /** Every kind of object that the cluster stores, those of plugins included. */
  readonly kinds: readonly KindInfo[];
  /** Totals of all nodes: capacity, and the sum of the requests of their tasks. */
  readonly capacity: Resources;
}

/**
 * All operations on a cluster. The embedded cluster and the remote client implement the same interface, so that code
 * written against it works with both.
 *
 * An object is named by its id: its name, for objects in the namespace `default` or in none, and `team-a/web` for the
 * `web` of another namespace.
 *
 * @throws from every call: `NOT_FOUND`, `INVALID_OBJECT` (with `issues`), `CONFLICT` when an object has changed
 * concurrently, `UNAUTHENTICATED` and `FORBIDDEN` (remote), `UNAVAILABLE`, `TIMEOUT`, `ABORTED`, `CLOSED`.
 */
export interface ClusterApi {
  /** Returns the cluster's name, version, kinds and total capacity. */
  info(options?: CallOptions): Promise<ClusterSummary>;
  /** Creates an object. @throws `ALREADY_EXISTS` if an object of this name exists. */
  create<K extends InputKind>(input: InputMap[K] & { kind: K }, options?: WriteOptions): Promise<KindMap[K]>;
  /**
   * Creates or updates. Only the given fields count: omitted fields keep the values that others have set. An object
   * with `meta.revision` replaces the whole object if that still has this revision. Applying the same again changes
   * nothing.
   */
  apply<K extends InputKind>(input: InputMap[K] & { kind: K }, options?: ApplyOptions): Promise<KindMap[K]>;
  /**
   * Applies all objects or, if one of them is invalid, none: all are checked before the first is written. If writing
   * one fails after others were written (a conflict, an unreachable store), the error's `details.written` names those,
   * as `service/web`.
   */
  applyAll(inputs: readonly AnyInput[], options?: ApplyOptions): Promise<readonly AnyObject[]>;
  /** Changes some fields of labels, annotations and `spec`, as a JSON merge patch (RFC 7396): `{ spec: { replicas: 3 } }`. */
  patch<K extends InputKind>(
    kind: K,
    id: string,
    patch: unknown,
    options?: PatchOptions,
  ): Promise<KindMap[K]>;
  /** Returns one object. @throws `NOT_FOUND`. */
  get<K extends Kind>(kind: K, id: string, options?: CallOptions): Promise<KindMap[K]>;
  /** Returns the objects that match, sorted by id. @throws `COMPACTED` for a `continue` that is too old. */
  list<K extends Kind>(kind: K, options?: ListOptions): Promise<ListResult<KindMap[K]>>;
  /** Yields batches of changes, until the signal fires or the loop is left. After `COMPACTED`, list again. */
  watch<K extends Kind>(kind: K, options?: WatchOptions): AsyncIterable<readonly WatchEvent<KindMap[K]>[]>;
  /**
   * Deletes an object with everything that belongs to it; resolves when it is marked. Use `wait` with `deleted` to wait
   * until it is gone.
   */
  delete(kind: Kind, id: string, options?: WriteOptions): Promise<void>;
  /** Sets the number of replicas of a replicated service. */
  scale(service: string, replicas: number, options?: WriteOptions): Promise<Service>;
  /** Returns to an earlier template: the last one before the current, or the named one. */
  rollback(service: string, options?: WriteOptions & { to?: string | undefined }): Promise<Service>;
  /** Replaces every task, by the service's update policy. */
  restart(service: string, options?: WriteOptions): Promise<Service>;
  /** Sets whether a node accepts tasks: `pause` keeps existing ones, `drain` moves them away. */
  setAvailability(node: string, availability: Availability, options?: WriteOptions): Promise<Node>;
  /** Returns the effect of applying these objects; changes nothing. */
  plan(inputs: readonly AnyInput[], options?: ApplyOptions): Promise<readonly PlannedService[]>;
  /**
   * Resolves with the object once the condition holds: a function, the type of a condition that must be `true`
   * (`Available`, `Progressing` …), or `deleted` (resolves with the last state seen, if any).
   */
  wait<K extends Kind>(
    kind: K,
    id: string,
    condition: string | ((object: KindMap[K]) => boolean),
    options?: WaitOptions,
  ): Promise<KindMap[K] | undefined>;
  /** Reads the logs of one task, or of all tasks of a service. */
  logs(of: { task: string } | { service: string }, options?: LogOptions): AsyncIterable<readonly LogLine[]>;
  /** Runs a command inside a running task. @throws `UNSUPPORTED` if the task's runtime has no exec. */
  exec(task: string, options: ExecOptions): Promise<ExecSession>;
  /**
   * Opens a TCP connection to a port of a task, from its node; yields the received data. The iteration ends when the
   * task ends its side; input is then still sent until it ends, the signal fires, or none has arrived for a minute.
   * Leaving the loop early closes the connection. If a task does not read, the input waits: a bounded number of bytes
   * is in flight.
   */
  dial(task: string, options: DialOptions): AsyncIterable<Uint8Array>;
  /**
   * Returns the resource usage of running tasks, or of those of one node if it is named. Tasks of nodes that do not
   * answer are omitted.
   */
  stats(options?: CallOptions & { node?: string | undefined }): Promise<readonly TaskStats[]>;
  /** Returns the API servers of the cluster, sorted by name, as known to the one that answers; one of them leads. */
  servers(options?: CallOptions): Promise<readonly Server[]>;
  /** Returns why a task, or the tasks of a service, are where they are or cannot be placed. */
  explain(kind: 'service' | 'task', id: string, options?: CallOptions): Promise<ExplainResult>;
}
