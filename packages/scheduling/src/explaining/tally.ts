import type { FilterResult } from '@gantry/core';
import type { PreparedFilter, Rejection } from '../filter.ts';
import type { WorkingNode } from '../round/working-node.ts';

const NAMED_NODES = 5;

export interface NamedFilter {
  readonly name: string;
  readonly prepared: PreparedFilter;
}

/** The nodes that one filter sent away for one reason. */
export interface Refusal {
  readonly filter: string;
  readonly code: string;
  rejected: number;
  readonly nodes: string[];
  readonly first: Rejection;
  nearest: Rejection;
  nearestNode: string;
}

/** Asks the filters about every node, as it is by now, and groups the answers by filter and code; most nodes first. */
export function tally(filters: readonly NamedFilter[], nodes: readonly WorkingNode[]): readonly Refusal[] {
  const refusals: Refusal[] = [];
  for (const node of nodes) {
    for (const { name, prepared } of filters) {
      const rejection = prepared.check(node);
      if (rejection === undefined) continue;
      count(refusals, name, node.name, rejection);
      break;
    }
  }
  return refusals.sort((a, b) => b.rejected - a.rejected);
}

function count(refusals: Refusal[], filter: string, node: string, rejection: Rejection): void {
  const { code } = rejection;
  for (const refusal of refusals) {
    if (refusal.code !== code || refusal.filter !== filter) continue;
    refusal.rejected++;
    if (refusal.nodes.length < NAMED_NODES) refusal.nodes.push(node);
    if (rejection.miss < refusal.nearest.miss) {
      refusal.nearest = rejection;
      refusal.nearestNode = node;
    }
    return;
  }
  refusals.push({
    filter,
    code,
    rejected: 1,
    nodes: [node],
    first: rejection,
    nearest: rejection,
    nearestNode: node,
  });
}

/** Puts a refusal into words. */
export function filterResult({
  filter,
  code,
  rejected,
  nodes,
  first,
  nearest,
  nearestNode,
}: Refusal): FilterResult {
  return {
    filter,
    code,
    rejected,
    nodes,
    message: first.message,
    nearest: { node: nearestNode, message: nearest.lack ?? nearest.message },
    remedy: nearest.remedy,
  };
}
