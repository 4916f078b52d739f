import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSelector, readField } from '../src/model/selector.ts';

const labels: Record<string, string> = { app: 'web', tier: 'front', zone: 'a', empty: '' };
const fits = (text: string): boolean => parseSelector(text)((key) => labels[key]);

describe('a selector', () => {
  test.each([
    ['', true],
    ['   ', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web', true],
    ['app=api', false],
    ['app!=api', true],
    ['app!=web', false],
    ['missing!=web', true],
    ['missing=web', false],
    ['app', true],
    ['missing', false],
    ['!app', false],
    ['!missing', true],
    ['empty=', true],
    ['zone in (a,b)', true],
    ['zone in (b, c)', false],
    ['zone notin (b,c)', true],
    ['zone notin (a)', false],
    ['missing notin (a)', true],
    ['app=web,tier=front', true],
    ['app=web,tier=back', false],
    ['zone in (a,b),app=web,!missing', true],
  ])('%j is %s', (text, expected) => {
    expect(fits(text)).toBe(expected);
  });

  test.each(['=web', 'app=web=x', 'app in a', 'app=(a)', 'app in (a', '!app=web', 'app web', ',', 'a,,b'])(
    '%j is INVALID_OBJECT and names the term',
    (text) => {
      expect(() => parseSelector(text)).toThrowError(
        expect.objectContaining({
          code: 'INVALID_OBJECT',
          issues: [expect.objectContaining({ path: 'selector' })],
        }),
      );
    },
  );

  test.each([
    ['a comma without a term, and an open parenthesis', ',('.repeat(2048)],
    ['open parentheses', '('.repeat(4096)],
    ['commas', ','.repeat(4096)],
    ['key characters', 'a'.repeat(4096)],
    ['key characters before a stray one', `${'a'.repeat(4095)}(`],
    ['spaces', `a${' '.repeat(4094)}b`],
    ['spaces around an operator', `a${' '.repeat(2046)}=${' '.repeat(2047)}(`],
    ['spaces before in', `a${' '.repeat(2000)}in${' '.repeat(2000)}x`],
    ['set terms without an end', 'a in (a,'.repeat(512)],
    ['nested parentheses', `a in ${'('.repeat(2045)}${')'.repeat(2045)}`],
    ['exclamation marks', '!'.repeat(4096)],
    ['different keys', Array.from({ length: 819 }, (_, index) => `!${index + 100}`).join(',')],
    ['dots', `${'.'.repeat(4094)}=x`],
  ])(
    'takes linear time for 4,096 characters: %s',
    (_, text) => {
      expect(text.length).toBeLessThanOrEqual(4096);
      const answer = (): boolean | string => {
        try {
          return fits(text);
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      const first = answer();
      expect([true, false, 'INVALID_OBJECT']).toContain(first);
      // The quadratic parser took 11 s for a single selector of a thousand characters.
      for (let round = 0; round < 50; round++) expect(answer()).toBe(first);
    },
    10_000,
  );

  test('is INVALID_OBJECT beyond 4,096 characters and states the bound', () => {
    expect(() => parseSelector(`a=${'b'.repeat(4095)}`)).toThrowError(
      expect.objectContaining({
        code: 'INVALID_OBJECT',
        message: 'selector of 4097 characters: expected at most 4096',
      }),
    );
    expect(fits(`a=${'b'.repeat(4094)}`)).toBe(false);
  });

  test('takes a set directly after in', () => {
    expect(fits('zone in(a,b)')).toBe(true);
    expect(fits('zone notin(a,b)')).toBe(false);
  });

  test('requires all of its terms, in whatever order', () => {
    const term = fc.constantFrom('app=web', 'app!=web', 'tier', '!tier', 'zone in (a,b)', 'zone notin (a,b)');
    fc.assert(
      fc.property(fc.array(term, { maxLength: 5 }), (terms) => {
        expect(fits(terms.join(','))).toBe(terms.every(fits));
        expect(fits(terms.toReversed().join(','))).toBe(fits(terms.join(',')));
      }),
    );
  });
});

describe('a field', () => {
  const object = { spec: { node: 'n1', replicas: 3, on: true, nested: { deep: 'x' } }, list: ['a'] };

  test.each([
    ['spec.node', 'n1'],
    ['spec.replicas', '3'],
    ['spec.on', 'true'],
    ['spec.nested.deep', 'x'],
    ['list.0', 'a'],
    ['spec.nested', undefined],
    ['spec.absent', undefined],
    ['spec.node.length', undefined],
    ['spec.toString', undefined],
    ['__proto__.x', undefined],
  ])('%s reads as %s', (path, expected) => {
    expect(readField(object, path)).toBe(expected);
  });
});
