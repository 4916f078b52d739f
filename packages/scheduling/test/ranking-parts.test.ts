import { SeededRandom } from '@gantry/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../src/placing/heap.ts';
import { highest, Ranker } from '../src/placing/rank.ts';
import { shuffled } from '../src/round/shuffled.ts';

/** Few different values, so that there are ties; and both zeros. */
const anyKeys = fc
  .array(fc.constantFrom(0, -0, 1, -1, 0.5, 2 ** -30, -1000.25, Number.NEGATIVE_INFINITY, 7), {
    maxLength: 60,
  })
  .map((keys) => Float64Array.from(keys));

function byComparison(keys: Float64Array): readonly number[] {
  return Array.from(keys.keys()).sort((a, b) => {
    const difference = (keys[b] as number) - (keys[a] as number);
    return difference > 0 ? 1 : difference < 0 ? -1 : a - b;
  });
}

test('a ranking is a stable sort, highest first, however often its arrays are used', () => {
  const ranker = new Ranker(60);
  fc.assert(
    fc.property(anyKeys, (keys) => {
      expect([...ranker.rank(keys, keys.length)]).toEqual(byComparison(keys));
    }),
  );
});

test('the highest are the first of the ranking', () => {
  fc.assert(
    fc.property(anyKeys, fc.integer({ min: 1, max: 5 }), (keys, count) => {
      expect(highest(keys, keys.length, count)).toEqual(byComparison(keys).slice(0, count));
    }),
  );
});

test('a heap empties in the order of the ranking', () => {
  fc.assert(
    fc.property(anyKeys, (keys) => {
      const heap = new Heap(keys, Int32Array.from(keys.keys()));
      const order: number[] = [];
      while (!heap.empty) {
        order.push(heap.top);
        heap.removeTop();
      }
      expect(order).toEqual(byComparison(keys));
    }),
  );
});

test('a heap whose top changes has the new best on top', () => {
  fc.assert(
    fc.property(anyKeys, fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 40 }), (keys, changes) => {
      fc.pre(keys.length > 0);
      const heap = new Heap(keys, Int32Array.from(keys.keys()));
      for (const change of changes) {
        keys[heap.top] = change;
        heap.changedTop();
        expect(heap.top).toBe(byComparison(keys)[0]);
      }
    }),
  );
});

test('a shuffle has every number once, and depends on the seed alone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.nat(), (length, seed) => {
      const order = shuffled(length, new SeededRandom(seed));
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, at) => at));
      expect(shuffled(length, new SeededRandom(seed))).toEqual(order);
    }),
  );
  expect(shuffled(50, new SeededRandom(1))).not.toEqual(shuffled(50, new SeededRandom(2)));
});
