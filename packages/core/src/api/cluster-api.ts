import type { Explanation } from '../model/explanation.ts';
import type { KindInfo } from '../model/kind-info.ts';
import type { AnyInput, AnyObject, InputKind, InputMap, Kind, KindMap } from '../model/kind-map.ts';
import type { Availability, Node } from '../model/node.ts';
import type { Resources } from '../model/resources.ts';
import type { Server } from '../model/server.ts';
import type { Service } from '../model/service.ts';
import type { ExecOptions, ExecSession } from './exec.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Validate, merge and admit without storing anything. Returns the object that would be stored. */
  readonly dryRun?: boolean | undefined;
}

export interface ApplyOptions extends WriteOptions {
  /** Field manager: the fields it sets are recorded, and removed when it no longer sets them (default: `gantry`). */
  readonly manager?: string | undefined;
  /** Take ownership of fields that another manager set to a different value (default: `CONFLICT`, which names them). */
  readonly force?: boolean | undefined;
}

export interface PatchOptions extends WriteOptions {
  /** Only if the object still has this revision. */
  readonly revision?: number | undefined;
}

/** What to select: `app=web,tier!=x` and `spec.node=a,status.state!=failed`. */
export interface SelectOptions extends CallOptions {
  /** Default: all namespaces. Does not apply to kinds that are not namespaced. */
  readonly namespace?: string | undefined;
  readonly labels?: string | undefined;
  readonly fields?: string | undefined;
}

export interface ListOptions extends SelectOptions {
  /** Maximum number of items; pass the result's `continue` to get the next page. */
  readonly limit?: number | undefined;
  /** `continue` of the previous page. Pages do not form a snapshot: watch since the revision of the first one. */
  readonly continue?: string | undefined;
}

export interface ListResult<T> {
  /** Sorted by id. */
  readonly items: readonly T[];
  /** Watch since this revision to follow the list without a gap. */
  readonly revision: number;
  readonly continue?: string | undefined;
}

export interface WatchOptions extends SelectOptions {
  /** Revision of a list. Default: every existing object is first reported as `added`. */
  readonly since?: number | undefined;
}

/** A change of an object that matches the selectors; `deleted` also means that an object no longer matches. */
export interface WatchEvent<T> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: T;
}

export interface WaitOptions extends CallOptions {
  /** Time until the wait fails with `TIMEOUT`, ms (default: never). */
  readonly timeoutMs?: number | undefined;
}

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

export interface LogLine {
  /** Id of the task. */
  readonly task: string;
  readonly node: string;
  /** ms since the epoch. */
  readonly time: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface DialOptions extends CallOptions {
  /** A port where the task listens, as its template names it. */
  readonly port: number;
  /** Bytes to send; its end closes that direction. */
  readonly input: AsyncIterable<Uint8Array>;
}

export interface TaskStats {
  /** Id of the task. */
  readonly task: string;
  readonly node: string;
  /** When it was measured, ms since the epoch. */
  readonly time: number;
  /** CPU time used since its start, ms; two samples give the rate. */
  readonly cpuMs: number;
  /** Bytes. */
  readonly memory: number;
}

/** Why something is where it is, or is not anywhere. */
export interface ExplainResult {
  readonly kind: 'service' | 'task';
  readonly name: string;
  /** For a task: where it is. */
  readonly node?: string | undefined;
  readonly state?: string | undefined;
  /** The scheduler's explanation: of its decision or, for a pending task, as of now. */
  readonly placement?: Explanation | undefined;
  /** Other obstacles: a back-off, a paused update, a missing image. */
  readonly notes: readonly string[];
}

/** What applying a service would lead to, as things are now. */
export interface PlannedService {
  /** Id of the service. */
  readonly service: string;
  readonly change: 'create' | 'update' | 'unchanged';
  /** Tasks that stay as they are, that would be replaced, that would be stopped. */
  readonly keep: number;
  readonly replace: number;
  readonly stop: number;
  /** Where each new task would go, in the order in which they would be placed; fewer than wanted if some fit nowhere. */
  readonly nodes: readonly string[];
  /** New tasks that fit nowhere. */
  readonly unplaced: number;
  readonly placement?: Explanation | undefined;
}

export interface ClusterSummary {
  readonly name: string;
  /** Changes when the state was lost: revisions of another uid mean nothing. */
  readonly uid: string;
  readonly version: string;
  /** Whether the state outlives the process that holds it. */
  readonly durable: boolean;
  readonly revision: number;
  readonly kinds: readonly KindInfo[];
  /** All that run on the nodes, added up: capacity, and what is promised. */
  readonly capacity: Resources;
}

/**
 * Everything one can ask of a cluster. The embedded cluster and the remote client implement it alike, so that code
 * written against it does not care which it has.
 *
 * An object is named by its id: its name, for what lives in the namespace `default` or in none, and `team-a/web` for the
 * `web` of another namespace.
 *
 * @throws from every call: `NOT_FOUND`, `INVALID_OBJECT` (with `issues`), `CONFLICT` when an object changed meanwhile,
 * `UNAUTHENTICATED` and `FORBIDDEN` (remote), `UNAVAILABLE`, `TIMEOUT`, `ABORTED`, `CLOSED`.
 */
export interface ClusterApi {
  info(options?: CallOptions): Promise<ClusterSummary>;
  /** @throws `ALREADY_EXISTS` if there is one of this name. */
  create<K extends InputKind>(input: InputMap[K] & { kind: K }, options?: WriteOptions): Promise<KindMap[K]>;
  /**
   * Creates or updates. Only the fields that are given count: those that are left out keep what others have set. An
   * object with `meta.revision` replaces the one that has this revision, whole. Applying the same again changes nothing.
   */
  apply<K extends InputKind>(input: InputMap[K] & { kind: K }, options?: ApplyOptions): Promise<KindMap[K]>;
  /**
   * All or, if one of them is invalid, none: all are checked before the first is written. If writing one fails after
   * others were written (a conflict, an unreachable store), the error's `details.written` names those, as `service/web`.
   */
  applyAll(inputs: readonly AnyInput[], options?: ApplyOptions): Promise<readonly AnyObject[]>;
  /** Changes some fields of labels, annotations and `spec`, as a JSON merge patch (RFC 7396): `{ spec: { replicas: 3 } }`. */
  patch<K extends InputKind>(
    kind: K,
    id: string,
    patch: unknown,
    options?: PatchOptions,
  ): Promise<KindMap[K]>;
  get<K extends Kind>(kind: K, id: string, options?: CallOptions): Promise<KindMap[K]>;
  list<K extends Kind>(kind: K, options?: ListOptions): Promise<ListResult<KindMap[K]>>;
  /** Batches of changes, until the signal fires or the loop is left. `COMPACTED`: list again. */
  watch<K extends Kind>(kind: K, options?: WatchOptions): AsyncIterable<readonly WatchEvent<KindMap[K]>[]>;
  /** Deletes it with all that belongs to it; resolves when it is marked, `wait` for `deleted` to see it gone. */
  delete(kind: Kind, id: string, options?: WriteOptions): Promise<void>;
  scale(service: string, replicas: number, options?: WriteOptions): Promise<Service>;
  /** Back to an earlier template: the last one before the current, or the one named. */
  rollback(service: string, options?: WriteOptions & { to?: string | undefined }): Promise<Service>;
  /** Replaces every task, by the service's update policy. */
  restart(service: string, options?: WriteOptions): Promise<Service>;
  setAvailability(node: string, availability: Availability, options?: WriteOptions): Promise<Node>;
  /** What applying these would lead to; changes nothing. */
  plan(inputs: readonly AnyInput[], options?: ApplyOptions): Promise<readonly PlannedService[]>;
  /**
   * Resolves with the object once the condition holds: a function, the type of a condition that is to be `true`
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
  exec(task: string, options: ExecOptions): Promise<ExecSession>;
  /**
   * Opens a TCP connection to a port of a task, from its node; yields what comes back. The iteration ends when the task
   * ends its side; input is then still sent until it ends, the signal fires, or none has come for a minute. Leaving the
   * loop early closes the connection. A task that does not read makes the input wait: a bounded number of bytes is in
   * flight.
   */
  dial(task: string, options: DialOptions): AsyncIterable<Uint8Array>;
  /** What running tasks use; those of one node, if it is named. Tasks of nodes that do not answer are left out. */
  stats(options?: CallOptions & { node?: string | undefined }): Promise<readonly TaskStats[]>;
  /** The API servers of the cluster, sorted by name, as the one that answers knows them; one of them leads. */
  servers(options?: CallOptions): Promise<readonly Server[]>;
  explain(kind: 'service' | 'task', id: string, options?: CallOptions): Promise<ExplainResult>;
}
