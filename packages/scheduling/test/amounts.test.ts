import { parseCpu, parseMemory } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { formatAmount } from '@gantry/scheduling';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listed, quantity } from '../src/amounts.ts';

test.each([
  ['memory', 0, '0'],
  ['memory', 512, '512'],
  ['memory', 2 ** 10, '1Ki'],
  ['memory', 128 * 2 ** 20, '128Mi'],
  ['memory', 2 ** 30, '1Gi'],
  ['memory', 1.5 * 2 ** 30, '1536Mi'],
  ['memory', 3 * 2 ** 40, '3Ti'],
  ['cpu', 250, '250m'],
  ['cpu', 2000, '2'],
  ['cpu', 2500, '2500m'],
  ['gpu', 4, '4'],
])('%s: %d is written %s', (resource, amount, text) => {
  expect(formatAmount(resource, amount)).toBe(text);
});

test('an amount is rounded in the given direction', () => {
  expect(formatAmount('memory', 128 * 2 ** 20 + 1, 'up')).toBe('128.01Mi');
  expect(formatAmount('memory', 128 * 2 ** 20 + 1, 'down')).toBe('128Mi');
  expect(formatAmount('memory', 20_000 * 2 ** 20 + 2 ** 10, 'up')).toBe('19.54Gi');
});

test('memory that is written is read back as no less when rounded up, and no more when rounded down', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (amount) => {
      expect(parseMemory(formatAmount('memory', amount, 'up'))).toBeGreaterThanOrEqual(amount);
      expect(parseMemory(formatAmount('memory', amount, 'down'))).toBeLessThanOrEqual(amount);
    }),
  );
});

test('cpu that is written is read back exactly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), (amount) => {
      expect(parseCpu(formatAmount('cpu', amount))).toBe(amount);
    }),
  );
});

test('a quantity names its resource', () => {
  expect(quantity('memory', 2 ** 20)).toBe('1Mi memory');
  expect(quantity('cpu', 500)).toBe('500m cpu');
});

test('words are listed as one says them', () => {
  expect(listed([])).toBe('');
  expect(listed(['a'])).toBe('a');
  expect(listed(['a', 'b'])).toBe('a and b');
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  expect(counted(1, 'task')).toBe('1 task');
  expect(counted(0, 'task')).toBe('0 tasks');
});
