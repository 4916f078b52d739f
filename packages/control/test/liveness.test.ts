import { describe, expect, test } from 'vitest';
import { Liveness } from '../src/dispatch/liveness.ts';

const options = { heartbeatMs: 2000, downAfterMs: 6000 };
const silences = (...ms: number[]) => new Map(ms.map((silent, index) => [`n${index + 1}`, silent]));

describe('a node', () => {
  test('is down after enough time without a heartbeat, while others send theirs', () => {
    const liveness = new Liveness(options);
    expect(liveness.downOf(silences(5999, 100), 0)).toEqual([]);
    expect(liveness.downOf(silences(6000, 100), 1)).toEqual(['n1']);
    expect(liveness.deaf).toBe(false);
  });

  test('is down without a heartbeat if it is the only one', () => {
    expect(new Liveness(options).downOf(silences(6000), 0)).toEqual(['n1']);
  });

  test('is not marked down while no node sends heartbeats, and gets a grace period after the first one does', () => {
    const liveness = new Liveness(options);
    expect(liveness.downOf(silences(6000, 3001), 10_000)).toEqual([]);
    expect(liveness.deaf).toBe(true);
    expect(liveness.downOf(silences(55_000, 52_000), 59_000)).toEqual([]);
    expect(liveness.downOf(silences(57_000, 0), 61_000)).toEqual([]);
    expect(liveness.deaf).toBe(false);
    expect(liveness.downOf(silences(62_999, 100), 66_999)).toEqual([]);
    expect(liveness.downOf(silences(63_000, 100), 67_000)).toEqual(['n1']);
  });

  test('is down after ten times as long without a heartbeat from any node', () => {
    const liveness = new Liveness(options);
    expect(liveness.downOf(silences(59_999, 59_999), 0)).toEqual([]);
    expect(liveness.downOf(silences(60_001, 60_000), 1)).toEqual(['n1', 'n2']);
  });

  test('is not down where there is none', () => {
    expect(new Liveness(options).downOf(new Map(), 0)).toEqual([]);
  });
});
