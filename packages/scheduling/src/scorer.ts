import type { TaskGroup } from '@gantry/core/contracts';
import type { ClusterState, NodeState } from './cluster-state.ts';

interface ScorerBase {
  readonly name: string;
  /** The scores of all scorers are added, each multiplied by its weight. Default: 1. */
  readonly weight?: number | undefined;
  /** Whether the scorer applies to this group; absent: always. */
  applies?(group: TaskGroup): boolean;
}

/** Looks at one node only. Nodes are kept in a heap: the score is computed again when the node has changed. */
export interface NodeScorer extends ScorerBase {
  /** Returns how good the node is for the next task of the group: higher is better. */
  score(group: TaskGroup, node: NodeState): number;
  /** The score as text. */
  describe?(group: TaskGroup, node: NodeState): string;
  readonly domain?: undefined;
  /**
   * What of a group its scores depend on, as text: groups of the same text have the same score for every node that has no
   * task of their services. Undefined, or left out: each group has scores of its own. Compare the `shape` of filters.
   */
  shape?(group: TaskGroup): string | undefined;
  /**
   * A promise about what a task of the group does to the score of the node it is put on, which lets many be placed in
   * one go:
   * - `rising`: never lowers it; the best node stays the best until it is full.
   * - `stepping`: the score is -(level + fraction), 0 ≤ fraction < 1, and the level rises by exactly one; every node
   *   of a level gets one before any gets a second.
   */
  readonly trend?: 'rising' | 'stepping' | undefined;
}

/** Looks at the cluster: after each placed task, all nodes are ranked again. */
export interface ClusterScorer extends ScorerBase {
  score(group: TaskGroup, node: NodeState, cluster: ClusterState): number;
  describe?(group: TaskGroup, node: NodeState, cluster: ClusterState): string;
  /**
   * Nodes of equal domain have equal scores, whatever happens; so the score is asked once per domain, and the work per
   * task grows with the number of domains, not of nodes. `node.name` where no two nodes are alike.
   */
  domain(group: TaskGroup, node: NodeState, cluster: ClusterState): string;
}

export type Scorer = NodeScorer | ClusterScorer;
