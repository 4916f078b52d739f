import type { TaskGroup } from '@gantry/core/contracts';
import type { ClusterState, NodeState } from './cluster-state.ts';

/** Why a node cannot take a task, as text. Only the few that are shown are read: a getter may compose the text. */
export interface Rejection {
  /** Stable code of the reason, such as `InsufficientMemory`. */
  readonly code: string;
  /** The complete reason: "node-2 has 384Mi memory free, a task asks for 512Mi". */
  readonly message: string;
  /** How far the node missed, on any scale of the filter's own: the smallest miss is the nearest. */
  readonly miss: number;
  /** The miss as text that follows the node's name: "lacks 128Mi memory". */
  readonly lack?: string | undefined;
  /** The change that would make this node pass the filter. */
  readonly remedy?: string | undefined;
  /** The reason as text that follows a number of nodes, singular and plural: "is draining", "are draining". */
  readonly reason?: readonly [one: string, many: string] | undefined;
}

interface FilterBase {
  readonly name: string;
  /**
   * A text that identifies the properties of a group on which the results depend: groups with the same text have the
   * same results, word for word, for every node. Many small groups with equal texts for all filters and scorers are
   * placed in time that grows with their tasks, not with groups × nodes. Undefined or absent: each group has its own
   * results, as when its service matters.
   */
  shape?(group: TaskGroup): string | undefined;
}

/** Decides which nodes can take a task: one node at a time. */
export interface NodeFilter extends FilterBase {
  /**
   * Returns why this node cannot take one more task of the group; undefined if it can. Called once per group and node,
   * and again when the round has just placed a task of the group on the node.
   */
  check(group: TaskGroup, node: NodeState): Rejection | undefined;
  readonly prepare?: undefined;
}

/** A filter that has to compute something once per group: parse a constraint, look up a column. */
export interface GroupFilter extends FilterBase {
  /** Undefined if the filter does not apply to this group. */
  prepare(group: TaskGroup, cluster: ClusterState): PreparedFilter | undefined;
}

/** A filter prepared for one group. */
export interface PreparedFilter {
  check(node: NodeState): Rejection | undefined;
  /**
   * Returns how many more tasks of the group the node can take: 0 if `check` rejects, `Infinity` if this filter sets no
   * limit. A filter with this method is called once per group and node, and many tasks can be placed at once.
   */
  room?(node: NodeState): number;
}

export type Filter = NodeFilter | GroupFilter;
