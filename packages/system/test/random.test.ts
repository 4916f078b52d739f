import { expect, test } from 'vitest';
import { SystemRandom } from '../src/random.ts';

test('the system’s chance lies in [0, 1), spreads evenly and does not repeat', () => {
  const random = new SystemRandom();
  const numbers = Array.from({ length: 10_000 }, () => random.next());
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(new Set(numbers).size).toBe(numbers.length);
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = numbers.filter((number) => Math.floor(number * 10) === tenth).length;
    expect(count).toBeGreaterThan(800);
    expect(count).toBeLessThan(1200);
  }
});
