import type { Random } from '@gantry/core';

const FIRST_MS = 100;
const MAX_MS = 5000;

/** How long to wait before the next attempt, ms: twice the last, with jitter. */
export function backOffMs(failures: number, random: Random): number {
  const ms = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures, 10));
  return ms * (0.5 + random.next() / 2);
}
