import { describe, expect, test } from 'vitest';
import { Liveness } from '../src/dispatch/liveness.ts';

const options = { heartbeatMs: 2000, downAfterMs: 6000 };
const silences = (...ms: number[]) => new Map(ms.map((silent, index) => [`n${index + 1}`, silent]));

describe('a node', () => {
  test('that was silent for long enough is down, while others are heard', () => {
    const liveness = new Liveness(options);
    expect(liveness.downOf(silences(5999, 100), 0)).toEqual([]);
    expect(liveness.downOf(silences(6000, 100), 1)).toEqual(['n1']);
    expect(liveness.deaf).toBe(false);
  });

  test('that is the only one is down when it is silent', () => {
    expect(new Liveness(options).downOf(silences(6000), 0)).toEqual(['n1']);
  });

  test('is not down while none is heard, and has time to be heard after the first one is', () => {
    const liveness = new Liveness(options);
    expect(liveness.downOf(silences(6000, 3001), 10_000)).toEqual([]);
    expect(liveness.deaf).toBe(true);
    expect(liveness.downOf(silences(55_000, 52_000), 59_000)).toEqual([]);
    expect(liveness.downOf(silences(57_000, 0), 61_000)).toEqual([]);
    expect(liveness.deaf).toBe(false);
    expect(liveness.downOf(silences(62_999, 100), 66_999)).toEqual([]);
    expect(liveness.downOf(silences(63_000, 100), 67_000)).toEqual(['n1']);
  });

  test('is down when none was heard for ten times as long', () => {
    const liveness = new Liveness(options);
    expect(liveness.downOf(silences(59_999, 59_999), 0)).toEqual([]);
    expect(liveness.downOf(silences(60_001, 60_000), 1)).toEqual(['n1', 'n2']);
  });

  test('is not down where there is none', () => {
    expect(new Liveness(options).downOf(new Map(), 0)).toEqual([]);
  });
});
