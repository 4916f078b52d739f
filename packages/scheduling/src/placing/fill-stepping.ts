import type { Scoring } from './scoring.ts';
import type { Turn } from './turn.ts';

/**
 * If each placement moves a node exactly one level down, every node of a level gets a task before any node gets a
 * second one: fills whole levels, and chooses only in the last one, which the tasks do not fill.
 */
export function fillStepping(turn: Turn, scoring: Scoring): void {
  const { keys, size } = turn;
  const order = turn.ranker.rank(keys, size);
  const taken = new Int32Array(size);
  /** Positions on the current level. */
  const active = new Int32Array(size);
  let count = 0;
  let next = 0;
  let level = 0;
  const levelOf = (position: number) => Math.floor(-(keys[position] as number));

  for (;;) {
    if (count === 0) {
      if (next === size) break;
      level = levelOf(order[next] as number);
    }
    while (next < size && levelOf(order[next] as number) <= level) active[count++] = order[next++] as number;
    if (count > turn.left) break;
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const position = active[at] as number;
      turn.assign(position);
      const times = (taken[position] as number) + 1;
      taken[position] = times;
      if (times < turn.room(position)) active[kept++] = position;
    }
    count = kept;
    level++;
  }
  for (let position = 0; position < size; position++) {
    const times = taken[position] as number;
    if (times > 0) turn.book(position, times);
  }
  if (turn.left > 0) fillPartly(turn, scoring, active.subarray(0, count));
}

/** There are fewer tasks than nodes on the level: the nodes that are best now get them. */
function fillPartly(turn: Turn, scoring: Scoring, active: Int32Array): void {
  active.sort();
  const { keys } = turn;
  for (let at = 0; at < active.length; at++) keys[at] = scoring.ofNode(turn.node(active[at] as number));
  for (const at of turn.ranker.rank(keys, active.length).subarray(0, turn.left)) {
    turn.assign(active[at] as number);
    turn.book(active[at] as number, 1);
  }
}
