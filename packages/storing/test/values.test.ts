import { isGantryError } from '@gantry/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkKey, encodeValue } from '../src/index.ts';

test('every JSON value is encoded as JSON does it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(encodeValue('a', value, Number.POSITIVE_INFINITY)).toBe(JSON.stringify(value));
    }),
  );
});

test.each<[string, unknown, RegExp]>([
  ['a function', { a: [1, { b: () => 1 }] }, /found function at \.a\[1\]\.b$/],
  ['NaN', [0, Number.NaN], /found NaN at \[1\]$/],
  ['a date', { at: new Date(0) }, /found a Date at \.at$/],
  ['undefined in a list', [undefined], /found undefined at \[0\]$/],
  ['a bigint', 1n, /found bigint$/],
])('%s is rejected with its place', (_, value, message) => {
  expect(() => encodeValue('a', value, 100)).toThrow(message);
});

test('a cycle is rejected', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  expect(() => encodeValue('a', cycle, 100)).toThrow(/levels deep \(or a cycle\)/);
});

test('length is counted in bytes', () => {
  expect(encodeValue('a', 'x'.repeat(98), 100)).toHaveLength(100);
  for (const value of ['x'.repeat(99), 'é'.repeat(50)]) {
    let thrown: unknown;
    try {
      encodeValue('tasks/a', value, 100);
    } catch (error) {
      thrown = error;
    }
    expect(isGantryError(thrown, 'INVALID_OBJECT') && thrown.message).toContain('"tasks/a"');
  }
});

test('a key has a limit, and a message about it does not repeat all of it', () => {
  checkKey(`${'a/'.repeat(255)}b`);
  const long = 'a'.repeat(5000);
  expect(() => checkKey(long)).toThrow(TypeError);
  expect(() => checkKey(long)).toThrow(/^.{0,250}$/);
});
