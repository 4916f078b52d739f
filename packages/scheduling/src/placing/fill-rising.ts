import type { Turn } from './turn.ts';

/** If a placement never lowers a score, the best node stays the best: fills one node after the other. */
export function fillRising(turn: Turn): void {
  for (const position of turn.ranker.rank(turn.keys, turn.size)) {
    if (turn.left === 0) return;
    const count = Math.min(turn.room(position), turn.left);
    for (let times = 0; times < count; times++) turn.assign(position);
    turn.book(position, count);
  }
}
