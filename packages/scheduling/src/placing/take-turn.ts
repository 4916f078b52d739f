import type { Explanation } from '@gantry/core/model';
import { fillRanked } from './fill-ranked.ts';
import { fillRising } from './fill-rising.ts';
import { fillStepping } from './fill-stepping.ts';
import { highest } from './rank.ts';
import type { Scoring } from './scoring.ts';
import type { Turn } from './turn.ts';

const RANKED = 3;

/** Ranking all nodes pays off from this many tasks per node on; for fewer tasks, a heap finds the few best nodes. */
export const BULK_TASKS_PER_NODE = 1 / 8;

/** Places the tasks of a group, and returns the nodes that were best for its first task. */
export function takeTurn(turn: Turn, scoring: Scoring): Explanation['ranking'] {
  const { keys, size } = turn;
  for (let position = 0; position < size; position++) keys[position] = scoring.ofNode(turn.node(position));
  const domains = scoring.looksAtCluster ? domainsOf(turn, scoring) : undefined;
  const ranking = highest(domains === undefined ? keys : totals(turn, scoring, domains), size, RANKED).map(
    (position) => ({ node: turn.node(position).name, scores: scoring.words(turn.node(position)) }),
  );
  const bulk = turn.roomsKnown && turn.left >= size * BULK_TASKS_PER_NODE;
  if (bulk && scoring.trend === 'rising') fillRising(turn);
  else if (bulk && scoring.trend === 'stepping') fillStepping(turn, scoring);
  else fillRanked(turn, scoring, domains);
  return ranking;
}

/** Numbers the domains of the candidates in the order in which they occur. */
function domainsOf(turn: Turn, scoring: Scoring): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from({ length: turn.size }, (_, position) => {
    const domain = scoring.domain(turn.node(position));
    const known = numbers.get(domain);
    if (known !== undefined) return known;
    const number = numbers.size;
    numbers.set(domain, number);
    return number;
  });
}

function totals(turn: Turn, scoring: Scoring, domains: Int32Array): Float64Array {
  const scores: number[] = [];
  return Float64Array.from(domains, (domain, position) => {
    scores[domain] ??= scoring.ofDomain(turn.node(position));
    return (scores[domain] as number) + (turn.keys[position] as number);
  });
}
