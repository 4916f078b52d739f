import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSelector, readField } from '../src/index.ts';

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

  test('of several terms all must hold, in whatever order they stand', () => {
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
