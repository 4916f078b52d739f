import { Heap } from './heap.ts';
import type { Scoring } from './scoring.ts';
import type { Turn } from './turn.ts';

/** Nodes that every cluster-looking scorer considers equal, the best of them on top. */
interface Domain {
  readonly heap: Heap;
}

/** The general way: the best node of each domain in a heap, the domains ranked again for every task. */
export function fillRanked(turn: Turn, scoring: Scoring, domainOf: Int32Array | undefined): void {
  const domains = group(turn, domainOf);
  while (turn.left > 0 && domains.length > 0) {
    const at = domains.length === 1 ? 0 : best(turn, scoring, domains);
    const { heap } = domains[at] as Domain;
    const position = heap.top;
    if (turn.place(position)) {
      turn.keys[position] = scoring.ofNode(turn.node(position));
      heap.changedTop();
    } else {
      heap.removeTop();
      if (heap.empty) domains.splice(at, 1);
    }
  }
}

function best(turn: Turn, scoring: Scoring, domains: readonly Domain[]): number {
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  let bestPosition = Number.POSITIVE_INFINITY;
  for (let at = 0; at < domains.length; at++) {
    const position = (domains[at] as Domain).heap.top;
    const score = scoring.ofDomain(turn.node(position)) + (turn.keys[position] as number);
    if (score < bestScore || (score === bestScore && position > bestPosition)) continue;
    best = at;
    bestScore = score;
    bestPosition = position;
  }
  return best;
}

function group(turn: Turn, domainOf: Int32Array | undefined): Domain[] {
  const members: number[][] = [];
  for (let position = 0; position < turn.size; position++) {
    const domain = domainOf?.[position] ?? 0;
    const list = members[domain];
    if (list === undefined) members[domain] = [position];
    else list.push(position);
  }
  return members.map((list) => ({ heap: new Heap(turn.keys, Int32Array.from(list)) }));
}
