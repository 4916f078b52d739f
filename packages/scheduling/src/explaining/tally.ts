import type { FilterResult } from '@gantry/core/model';
import type { PreparedFilter, Rejection } from '../filter.ts';
import type { WorkingNode } from '../round/working-node.ts';

const NAMED_NODES = 5;

export interface NamedFilter {
  readonly name: string;
  readonly prepared: PreparedFilter;
}

interface Refused {
  readonly node: WorkingNode;
  readonly rejection: Rejection;
}

/** The nodes that one filter rejected for one reason. */
export interface Refusal {
  readonly filter: string;
  readonly code: string;
  rejected: number;
  /** The first few in the order of the round; at least one. */
  readonly first: Refused[];
  nearest: Refused;
}

/**
 * Applies the filters to every node in its current state, and groups the results by filter and code; most nodes first.
 */
export function tally(filters: readonly NamedFilter[], nodes: readonly WorkingNode[]): readonly Refusal[] {
  const refusals: Refusal[] = [];
  for (const node of nodes) {
    for (const { name, prepared } of filters) {
      const rejection = prepared.check(node);
      if (rejection === undefined) continue;
      count(refusals, name, node, rejection);
      break;
    }
  }
  return refusals.sort((a, b) => b.rejected - a.rejected || listedOf(a) - listedOf(b));
}

function listedOf({ first }: Refusal): number {
  return (first[0] as Refused).node.listed;
}

/** Nodes are visited in memory order, which is far faster; the order of the round is restored here. */
function count(refusals: Refusal[], filter: string, node: WorkingNode, rejection: Rejection): void {
  const { code, miss } = rejection;
  for (const refusal of refusals) {
    if (refusal.code !== code || refusal.filter !== filter) continue;
    const { first, nearest } = refusal;
    refusal.rejected++;
    if (first.length < NAMED_NODES || isBefore(node, first[NAMED_NODES - 1] as Refused)) {
      insert(first, { node, rejection });
    }
    if (miss < nearest.rejection.miss || (miss === nearest.rejection.miss && isBefore(node, nearest))) {
      refusal.nearest = { node, rejection };
    }
    return;
  }
  const refused = { node, rejection };
  refusals.push({ filter, code, rejected: 1, first: [refused], nearest: refused });
}

function isBefore(node: WorkingNode, other: Refused): boolean {
  return node.listed < other.node.listed;
}

function insert(first: Refused[], refused: Refused): void {
  const after = first.findIndex((other) => isBefore(refused.node, other));
  first.splice(after < 0 ? first.length : after, 0, refused);
  if (first.length > NAMED_NODES) first.pop();
}

/** Builds the result of a filter from its refusals. */
export function filterResult({ filter, code, rejected, first, nearest }: Refusal): FilterResult {
  return {
    filter,
    code,
    rejected,
    nodes: first.map(({ node }) => node.name),
    message: (first[0] as Refused).rejection.message,
    nearest: { node: nearest.node.name, message: nearest.rejection.lack ?? nearest.rejection.message },
    remedy: nearest.rejection.remedy,
  };
}
