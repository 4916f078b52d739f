import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpolate } from '../src/syntax/interpolate.ts';

/** Unset, empty, or set to something that must not be interpolated again. */
const value = fc.constantFrom(undefined, '', 'v', 'a b', '$X', '${X', '}');
const word = fc.stringMatching(/^[a-z .:/-]{0,8}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const none = (): undefined => undefined;

describe('interpolation', () => {
  test('leaves a text without dollars unchanged', () => {
    fc.assert(
      fc.property(text, (any) => {
        fc.pre(!any.includes('$'));
        expect(interpolate(any, none)).toEqual({ text: any, unset: [] });
      }),
    );
  });

  test('gives back any text whose dollars are doubled', () => {
    const anything = fc
      .array(fc.constantFrom('$', '{', '}', 'A', ':-', '$A', `\${A}`, ' '))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(anything, (any) => {
        expect(interpolate(any.replaceAll('$', '$$$$'), () => 'x')).toEqual({ text: any, unset: [] });
      }),
    );
  });

  test('does for each form what the specification says, whether the variable is unset, empty or set', () => {
    fc.assert(
      fc.property(value, word, (set, other) => {
        const lookup = (name: string): string | undefined => (name === 'A' ? set : undefined);
        const result = (form: string): string | undefined => {
          const { text, problem } = interpolate(form, lookup);
          return problem === undefined ? text : undefined;
        };
        const filled = set !== undefined && set !== '';
        expect(result('$A')).toBe(set ?? '');
        expect(result(`\${A}`)).toBe(set ?? '');
        expect(result(`\${A:-${other}}`)).toBe(filled ? set : other);
        expect(result(`\${A-${other}}`)).toBe(set ?? other);
        expect(result(`\${A:?${other}}`)).toBe(filled ? set : undefined);
        expect(result(`\${A?${other}}`)).toBe(set);
        expect(result(`\${A:+${other}}`)).toBe(filled ? other : '');
        expect(result(`\${A+${other}}`)).toBe(set === undefined ? '' : other);
      }),
    );
  });

  test('interpolates a default as if it stood alone', () => {
    const form = fc.letrec((tie) => ({
      form: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('$B', `\${B}`, 'x', '$$', ''),
        fc
          .tuple(fc.constantFrom(':-', '-', ':+', '+'), tie('form'))
          .map(([operator, inner]) => `\${B${operator}${inner}}`),
        fc.tuple(tie('form'), tie('form')).map(([a, b]) => `${a}.${b}`),
      ),
    })).form as fc.Arbitrary<string>;
    fc.assert(
      fc.property(form, value, (inner, set) => {
        const lookup = (name: string): string | undefined => (name === 'B' ? set : undefined);
        expect(interpolate(`<\${A:-${inner}}>`, lookup).text).toBe(`<${interpolate(inner, lookup).text}>`);
      }),
    );
  });

  test('reports which variables are unset, each once, and none that has a default', () => {
    expect(interpolate(`$A\${A}\${B:-$C}\${D:-}`, none).unset).toEqual(['A', 'C']);
  });

  test('answers every text, with a text or a problem', () => {
    const parts = fc.constantFrom('$', '{', '}', 'A', '1', ':', '-', '?', '+', '/', ' ');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 20 }), (some) => {
        const { text, problem } = interpolate(some.join(''), none);
        expect(typeof text).toBe('string');
        if (problem !== undefined) expect(text).toBe('');
      }),
      { numRuns: 500 },
    );
  });
});
