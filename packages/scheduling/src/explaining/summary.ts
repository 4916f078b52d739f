import { counted } from '@gantry/core/primitives';
import type { Refusal } from './tally.ts';

interface Outcome {
  readonly nodes: number;
  readonly feasible: number;
  readonly placed: number;
  /** Number of nodes that got any of the tasks. */
  readonly chosen: number;
  readonly unplaced: number;
  readonly refusals: readonly Refusal[];
}

/** `0 of 3 nodes fit: 2 have too little memory (nearest: node-2 lacks 128Mi memory), 1 is draining`. */
export function summarize({ nodes, feasible, placed, chosen, unplaced, refusals }: Outcome): string {
  const all = placed + unplaced;
  if (all === 0) return 'no tasks to place';
  if (unplaced === 0) {
    return `${counted(all, 'task')} placed on ${counted(chosen, 'node')}; ${feasible} of ${counted(nodes, 'node fits', 'nodes fit')}`;
  }
  const start = placed === 0 ? '' : `${placed} of ${counted(all, 'task')} placed, then `;
  if (nodes === 0) return `${start}there are no nodes`;
  const fit = nodes - refusals.reduce((sum, { rejected }) => sum + rejected, 0);
  return `${start}${fit} of ${counted(nodes, 'node fits', 'nodes fit')}: ${refusals.map(reasonOf).join(', ')}`;
}

function reasonOf({ filter, code, rejected, nearest: { node, rejection } }: Refusal): string {
  const [one, many] = rejection.reason ?? [
    `is rejected by ${filter} (${code})`,
    `are rejected by ${filter} (${code})`,
  ];
  const near = rejection.lack === undefined ? '' : ` (nearest: ${node.name} ${rejection.lack})`;
  return `${rejected} ${rejected === 1 ? one : many}${near}`;
}
