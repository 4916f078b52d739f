import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDuration, showAge, showDuration } from '../src/output/duration.ts';

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test.each([
  [0, '0s'],
  [-5 * S, '0s'],
  [119 * S, '119s'],
  [120 * S, '2m'],
  [3 * M + 12 * S, '3m12s'],
  [10 * M + 5 * S, '10m'],
  [179 * M, '179m'],
  [3 * H, '3h'],
  [3 * H + 4 * M, '3h4m'],
  [8 * H + 4 * M, '8h'],
  [47 * H, '47h'],
  [48 * H, '2d'],
  [2 * D + 5 * H, '2d5h'],
  [9 * D, '9d'],
  [729 * D, '729d'],
  [730 * D, '2y'],
  [3 * 365 * D, '3y'],
  [9 * 365 * D + 40 * D, '9y'],
])('an age of %d ms is shown as kubectl shows it: %s', (ms, shown) => {
  expect(showAge(ms)).toBe(shown);
});

test.each([
  ['0', 0],
  ['500ms', 500],
  ['10s', 10 * S],
  ['1h30m', 90 * M],
  ['0.5s', 500],
  ['2d', 2 * D],
  ['10', undefined],
  ['', undefined],
  ['1h 30m', undefined],
  ['-1s', undefined],
  ['s', undefined],
])('"%s" is read as %s ms', (text, ms) => {
  expect(readDuration(text)).toBe(ms);
});

test('an age that is shown is read back to within its last unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 700 * D }), (ms) => {
      const read = readDuration(showAge(ms)) as number;
      expect(read).toBeLessThanOrEqual(ms);
      expect(ms - read).toBeLessThan(D);
    }),
  );
});

test.each([
  [350, '350ms'],
  [4200, '4.2s'],
  [4000, '4s'],
  [62_000, '62s'],
])('%d ms took %s', (ms, shown) => {
  expect(showDuration(ms)).toBe(shown);
});
