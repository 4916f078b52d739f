import { GantryError } from '@gantry/core';
import type { TaskGroup } from '@gantry/core/contracts';
import type { ScoreResult } from '@gantry/core/model';
import type { ClusterState, NodeState } from '../cluster-state.ts';
import type { ClusterScorer, NodeScorer, Scorer } from '../scorer.ts';

/** The scorers that apply to a group, combined into one. */
export class Scoring {
  readonly scorers: readonly Scorer[];
  readonly #group: TaskGroup;
  readonly #cluster: ClusterState;
  readonly #weights: readonly number[];
  readonly #nodeScorers: readonly NodeScorer[];
  readonly #clusterScorers: readonly ClusterScorer[];

  constructor(scorers: readonly Scorer[], group: TaskGroup, cluster: ClusterState) {
    this.#group = group;
    this.#cluster = cluster;
    this.#nodeScorers = scorers.filter(looksAtNode).filter((scorer) => scorer.applies?.(group) ?? true);
    this.#clusterScorers = scorers.filter(looksAtCluster).filter((scorer) => scorer.applies?.(group) ?? true);
    this.scorers = scorers.filter((scorer) => scorer.applies?.(group) ?? true);
    // A single scorer is not weighted, so its score keeps the form that its trend promises.
    const alone = this.scorers.length === 1;
    this.#weights = this.#nodeScorers.map(({ weight }) => (alone ? 1 : (weight ?? 1)));
  }

  /** The trend that holds for the combined score. */
  get trend(): NodeScorer['trend'] {
    if (this.#clusterScorers.length > 0) return undefined;
    const [first, ...others] = this.#nodeScorers;
    if (others.length === 0) return first?.trend;
    const rising = this.#nodeScorers.every(
      ({ trend }, at) => trend === 'rising' && (this.#weights[at] as number) >= 0,
    );
    return rising ? 'rising' : undefined;
  }

  get looksAtCluster(): boolean {
    return this.#clusterScorers.length > 0;
  }

  /** The part of the score that depends on the node alone. */
  ofNode(node: NodeState): number {
    let sum = 0;
    for (let at = 0; at < this.#nodeScorers.length; at++) {
      sum += (this.#weights[at] as number) * (this.#nodeScorers[at] as NodeScorer).score(this.#group, node);
    }
    return Number.isNaN(sum) ? this.#blame(node) : sum;
  }

  /** The part that is the same for all nodes of a domain. */
  ofDomain(node: NodeState): number {
    let sum = 0;
    for (const scorer of this.#clusterScorers) {
      sum += (scorer.weight ?? 1) * scorer.score(this.#group, node, this.#cluster);
    }
    return Number.isNaN(sum) ? this.#blame(node) : sum;
  }

  /** Equal for nodes that all cluster-looking scorers consider equal. */
  domain(node: NodeState): string {
    const domains = this.#clusterScorers.map((scorer) => scorer.domain(this.#group, node, this.#cluster));
    return domains.length === 1 ? (domains[0] as string) : JSON.stringify(domains);
  }

  /** What each scorer says about a node in its current state. */
  words(node: NodeState): readonly ScoreResult[] {
    return this.scorers.map((scorer) => ({
      scorer: scorer.name,
      score: scorer.score(this.#group, node, this.#cluster),
      message: scorer.describe?.(this.#group, node, this.#cluster),
    }));
  }

  #blame(node: NodeState): never {
    const culprit = this.scorers.find((scorer) =>
      Number.isNaN(scorer.score(this.#group, node, this.#cluster)),
    );
    const who = culprit === undefined ? 'the sum of the scores' : `the score of "${culprit.name}"`;
    throw new GantryError('INTERNAL', `${who} for node "${node.name}" is not a number`);
  }
}

function looksAtNode(scorer: Scorer): scorer is NodeScorer {
  return scorer.domain === undefined;
}

function looksAtCluster(scorer: Scorer): scorer is ClusterScorer {
  return scorer.domain !== undefined;
}
