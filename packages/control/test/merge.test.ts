import { canonicalJson } from '@gantry/core/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { givenFields, type MergeInput, mergeApplied, mergePatch, rebased } from '../src/merge.ts';

type Fields = Readonly<Record<string, unknown>>;

const merge = (input: Partial<MergeInput>) =>
  mergeApplied({ live: {}, wanted: {}, last: {}, others: [], isDefault: () => true, ...input });

const leaf = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('x', 'y'),
  fc.array(fc.integer(), { maxLength: 2 }),
);
const key = fc.constantFrom('a', 'b', 'c');
const fields: fc.Arbitrary<Fields> = fc.dictionary(
  key,
  fc.oneof(
    leaf,
    fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { minKeys: 1 })), { minKeys: 1 }),
  ),
);

describe('merging applied fields', () => {
  test.each<[string, Partial<MergeInput>, Fields, readonly string[]]>([
    [
      'sets wanted fields and keeps the rest',
      { live: { a: 1, b: 2 }, wanted: { a: 3 }, last: { a: 1 } },
      { a: 3, b: 2 },
      [],
    ],
    ['removes a field that is no longer wanted', { live: { a: 1, b: 2 }, last: { a: 1 } }, { b: 2 }, []],
    ['keeps an unwanted field that was changed since', { live: { a: 5 }, last: { a: 1 } }, { a: 5 }, []],
    [
      'keeps what is no longer wanted if another applies it',
      { live: { a: 1 }, last: { a: 1 }, others: [{ a: 1 }] },
      { a: 1 },
      [],
    ],
    [
      'reports a field that was changed since',
      { live: { a: 5 }, wanted: { a: 1 }, last: { a: 1 } },
      { a: 1 },
      ['a'],
    ],
    [
      'reports a field that another manager has applied',
      { live: { a: 5 }, wanted: { a: 1 }, others: [{ a: 5 }] },
      { a: 1 },
      ['a'],
    ],
    [
      'reports a field that was set without a manager',
      { live: { a: 5 }, wanted: { a: 1 }, isDefault: () => false },
      { a: 1 },
      ['a'],
    ],
    ['treats a default as unset', { live: { a: 5 }, wanted: { a: 1 } }, { a: 1 }, []],
    [
      'agrees with a manager that set the same value',
      { live: { a: 5 }, wanted: { a: 5 }, others: [{ a: 5 }] },
      { a: 5 },
      [],
    ],
    [
      'merges maps by key',
      { live: { e: { A: '1', B: '2' } }, wanted: { e: { A: '3' } }, last: { e: { A: '1' } } },
      { e: { A: '3', B: '2' } },
      [],
    ],
    [
      'leaves no empty object where the last field goes',
      {
        live: { h: { http: { port: 1, path: '/' } } },
        wanted: { h: { tcp: { port: 2 } } },
        last: { h: { http: { port: 1 } } },
      },
      { h: { tcp: { port: 2 } } },
      [],
    ],
    [
      'takes a list as a whole',
      { live: { l: [1, 2] }, wanted: { l: [2] }, last: { l: [1, 2] } },
      { l: [2] },
      [],
    ],
  ])('%s', (_law, input, expected, conflicts) => {
    const merged = merge(input);
    expect(merged.fields).toEqual(expected);
    expect(merged.conflicts.map((path) => path.join('.'))).toEqual(conflicts);
  });

  test('a sole manager gets exactly what it wants, regardless of what it applied before', () => {
    fc.assert(
      fc.property(fields, fields, (last, wanted) => {
        const { fields: result, conflicts } = merge({ live: last, wanted, last });
        expect(conflicts).toEqual([]);
        for (const [name, value] of Object.entries(wanted)) {
          if (typeof value !== 'object' || Array.isArray(value)) expect(result[name]).toEqual(value);
        }
        for (const name of Object.keys(result)) expect(Object.hasOwn(wanted, name)).toBe(true);
      }),
    );
  });

  test('applying the same again changes nothing', () => {
    fc.assert(
      fc.property(fields, fields, fields, (live, last, wanted) => {
        const once = merge({ live, wanted, last }).fields;
        const twice = merge({ live: once, wanted, last: wanted });
        expect(canonicalJson(twice.fields)).toBe(canonicalJson(once));
        expect(twice.conflicts).toEqual([]);
      }),
    );
  });

  test('whoever wants nothing of a field leaves it alone, and the live object is not touched', () => {
    fc.assert(
      fc.property(fields, fields, (live, wanted) => {
        const before = canonicalJson(live);
        const { fields: result } = merge({ live, wanted });
        expect(canonicalJson(live)).toBe(before);
        for (const [name, value] of Object.entries(live)) {
          if (!Object.hasOwn(wanted, name)) expect(result[name]).toEqual(value);
        }
      }),
    );
  });
});

test('given fields are those that were written, in their normal form', () => {
  const normal = {
    replicas: 1,
    template: { image: 'x', env: { A: '1' }, resources: { memory: 64 }, ports: [{ target: 80 }] },
  };
  const written = {
    template: { env: { A: '1' }, resources: { memory: '64' }, ports: [{}], gone: undefined },
  };
  expect(givenFields(written, normal)).toEqual({
    template: { env: { A: '1' }, resources: { memory: 64 }, ports: [{ target: 80 }] },
  });
});

test('a rollback counts as what every manager applied last', () => {
  const managers = { ci: { labels: {}, spec: { replicas: 2, template: { image: 'v2', env: { A: '1' } } } } };
  const earlier = { image: 'v1', env: {} } as never;
  expect(rebased(managers, earlier)).toEqual({
    managers: { ci: { labels: {}, spec: { replicas: 2, template: { image: 'v1', env: {} } } } },
  });
});

/** The examples of RFC 7396, appendix A. */
test.each<[unknown, unknown, unknown]>([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merge patch of %j with %j gives %j', (target, patch, expected) => {
  expect(mergePatch(target, patch)).toEqual(expected);
});
