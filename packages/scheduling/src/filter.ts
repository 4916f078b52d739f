import type { TaskGroup } from '@gantry/core/contracts';
import type { ClusterState, NodeState } from './cluster-state.ts';

/** Why a node cannot take a task, as text. Only the few that are shown are read: a getter may compose the text. */
export interface Rejection {
  /** A stable word for the reason, such as `InsufficientMemory`. */
  readonly code: string;
  /** The whole reason: "node-2 has 384Mi memory free, a task asks for 512Mi". */
  readonly message: string;
  /** How far the node missed, on any scale of the filter's own: the smallest is the nearest. */
  readonly miss: number;
  /** The miss as text that follows the node's name: "lacks 128Mi memory". */
  readonly lack?: string | undefined;
  /** What change would get this node past the filter. */
  readonly remedy?: string | undefined;
  /** The reason as text that follows a number of nodes, singular and plural: "is draining", "are draining". */
  readonly reason?: readonly [one: string, many: string] | undefined;
}

interface FilterBase {
  readonly name: string;
  /**
   * What of a group its answers depend on, as text: groups of the same text have the same answers, in every word, for every
   * node. Many small groups that are alike in all filters and scorers are placed in time that grows with their tasks, not
   * with groups × nodes. Undefined, or left out: each group has answers of its own, as where its service matters.
   */
  shape?(group: TaskGroup): string | undefined;
}

/** Decides which nodes can take a task: one node at a time. */
export interface NodeFilter extends FilterBase {
  /**
   * Why this node cannot take one more task of the group; undefined if it can. Asked once per group and node, and again
   * where the round has just put a task of the group on the node.
   */
  check(group: TaskGroup, node: NodeState): Rejection | undefined;
  readonly prepare?: undefined;
}

/** A filter that has something to work out once per group: a constraint to parse, a column to look up. */
export interface GroupFilter extends FilterBase {
  /** Undefined if the filter has nothing to say about this group. */
  prepare(group: TaskGroup, cluster: ClusterState): PreparedFilter | undefined;
}

/** A filter made ready for one group. */
export interface PreparedFilter {
  check(node: NodeState): Rejection | undefined;
  /**
   * How many more tasks of the group the node can take: 0 where `check` rejects, `Infinity` where this filter sets no
   * bound. A filter that can say this is asked once per group and node, and many tasks can be placed in one go.
   */
  room?(node: NodeState): number;
}

export type Filter = NodeFilter | GroupFilter;
