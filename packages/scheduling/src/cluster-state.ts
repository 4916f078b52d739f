import type { Taint } from '@gantry/core/model';

/** A node in the course of a round: its initial state, plus the tasks that the round has placed on it. */
export interface NodeState {
  /** Its place in `cluster.nodes` and in every column. */
  readonly index: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Features of its runtime and network; absent: unknown, and not to be considered. */
  readonly features?: ReadonlySet<string> | undefined;
  /** True, or the reason why not. */
  readonly schedulable: true | string;
  /** Number of its tasks. */
  readonly tasks: number;
  tasksOf(service: string): number;
  /** The node's capacity of a resource, and how much of it is requested by its tasks. */
  capacity(resource: string): number;
  used(resource: string): number;
  /**
   * How full the node is, 0 to 1: the largest used share of any resource that the group in turn requests, as if `more`
   * additional tasks of the group were on the node.
   */
  share(more?: number): number;
  /** Whether a host port, such as `tcp:8080`, is taken. */
  usesHostPort(port: string): boolean;
}

/** All nodes in the course of a round. */
export interface ClusterState {
  /** In an order drawn from the round's randomness; the same for the whole round. */
  readonly nodes: readonly NodeState[];
  /**
   * Number of tasks of a service on the nodes that agree with this node in all these fields, such as
   * `node.labels.zone`. Kept current during the round: a call does not scan the nodes.
   */
  tasksNear(service: string, node: NodeState, ...fields: string[]): number;
  /** A resource over all nodes, for a filter that is called for many of them. */
  resource(name: string): ResourceColumn;
  /** A field, such as `node.labels.zone`, over all nodes. */
  field(field: string): FieldColumn;
}

/** A resource by the index of the node; kept current during the round. */
export interface ResourceColumn {
  readonly capacity: Readonly<Float64Array>;
  readonly used: Readonly<Float64Array>;
}

/** A field by the index of the node: equal numbers stand for equal values, 0 for none. */
export interface FieldColumn {
  readonly codes: Readonly<Int32Array>;
  /** Number of distinct numbers. */
  readonly size: number;
  /** The number that stands for a value; -1 if no node has it. */
  codeOf(value: string): number;
}
