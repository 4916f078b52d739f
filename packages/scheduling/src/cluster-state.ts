import type { Taint } from '@gantry/core/model';

/** A node in the course of a round: as it was at the start, plus what the round has put there. */
export interface NodeState {
  /** Its place in `cluster.nodes` and in every column. */
  readonly index: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** What its runtime and network can honour; absent: unknown, and not to be judged by. */
  readonly features?: ReadonlySet<string> | undefined;
  /** Otherwise why not. */
  readonly schedulable: true | string;
  /** Number of its tasks. */
  readonly tasks: number;
  tasksOf(service: string): number;
  /** What the node has of a resource, and how much of it its tasks have asked for. */
  capacity(resource: string): number;
  used(resource: string): number;
  /**
   * How full the node is, 0 to 1: the largest share in use of any resource that the group in turn asks for, as if `more`
   * tasks of the group were there besides.
   */
  share(more?: number): number;
  /** Whether a host port, such as `tcp:8080`, is taken. */
  usesHostPort(port: string): boolean;
}

/** All nodes in the course of a round. */
export interface ClusterState {
  /** In an order drawn by the round's chance; the same one for the whole round. */
  readonly nodes: readonly NodeState[];
  /**
   * Number of tasks of a service on the nodes that agree with this node in all these fields, such as
   * `node.labels.zone`. Kept current during the round: a call does not scan the nodes.
   */
  tasksNear(service: string, node: NodeState, ...fields: string[]): number;
  /** A resource over all nodes, for a filter that is asked about many of them. */
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
  /** How many numbers there are. */
  readonly size: number;
  /** The number of a value; -1 if no node has it. */
  codeOf(value: string): number;
}
