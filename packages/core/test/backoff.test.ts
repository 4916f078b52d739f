import { SeededRandom } from '@gantry/testing';
import { expect, test } from 'vitest';
import { Backoff } from '../src/primitives/index.ts';

test('delays double up to the maximum, with jitter', () => {
  const backoff = new Backoff(new SeededRandom(7), 100, 5000);
  const waits = Array.from({ length: 12 }, () => backoff.next());
  for (const [tries, waitMs] of waits.entries()) {
    const most = Math.min(5000, 100 * 2 ** tries);
    expect(waitMs).toBeGreaterThanOrEqual(most / 2);
    expect(waitMs).toBeLessThanOrEqual(most);
  }
  expect(new Set(waits).size).toBe(waits.length);
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(100);
});
