import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical } from '../src/load/canonical.ts';
import { merge, settle } from '../src/load/merge.ts';
import { Log } from '../src/model/log.ts';
import { type Dict, dict, list, type Place, plain, scalar, type Tree } from '../src/model/tree.ts';

const placeOf = (file: string): Place => ({
  source: { file, directory: '.', variables: new Map() },
  line: 1,
  column: 1,
});

function treeOf(value: unknown, at: Place): Tree {
  if (Array.isArray(value))
    return list(
      at,
      value.map((item) => treeOf(item, at)),
    );
  if (typeof value !== 'object' || value === null) return scalar(value as string, at);
  return dict(
    at,
    Object.entries(value).map(([key, one]) => [key, { at, value: treeOf(one, at) }]),
  );
}

const key = fc.constantFrom('a', 'b', 'c');
const word = fc.constantFrom('1', '2', '3');
const pairs = fc.dictionary(key, word, { maxKeys: 3 });
const asList = pairs.map((some) => Object.entries(some).map(([name, one]) => `${name}=${one}`));

/** Services with one field of every kind of merging. */
const service = fc.record(
  {
    image: word,
    command: fc.array(word, { maxLength: 2 }),
    environment: fc.oneof(pairs, asList),
    labels: fc.oneof(pairs, asList),
    cap_add: fc.uniqueArray(word, { maxLength: 3 }),
    ports: fc.uniqueArray(fc.constantFrom('80:80', '81:81', '82:82/udp'), { maxLength: 3 }),
    volumes: fc.uniqueArray(fc.constantFrom('./a:/a', './b:/b', './c:/c'), { maxLength: 3 }),
    depends_on: fc.uniqueArray(fc.constantFrom('x', 'y'), { maxLength: 2 }),
    deploy: fc.record({ replicas: word, resources: fc.record({ limits: pairs }) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const model = fc
  .dictionary(fc.constantFrom('web', 'db'), service, { maxKeys: 2 })
  .map((services) => ({ services }));

const parsed = (value: unknown, file = 'a'): Dict =>
  canonical(treeOf(value, placeOf(file)) as Dict, new Log());
const merged = (a: Dict, b: Dict): Dict => {
  const log = new Log();
  const result = merge(a, b, log);
  expect(log.problems).toEqual([]);
  return result;
};

describe('merging', () => {
  test('changes nothing with an empty file, on either side', () => {
    fc.assert(
      fc.property(model, (value) => {
        const one = parsed(value);
        expect(plain(merged(one, parsed({})))).toEqual(plain(one));
        expect(plain(merged(parsed({}), one))).toEqual(plain(one));
      }),
    );
  });

  test('changes nothing with the same file', () => {
    fc.assert(
      fc.property(model, (value) => {
        expect(plain(merged(parsed(value), parsed(value)))).toEqual(plain(parsed(value)));
      }),
    );
  });

  test('gives the same for three files in either grouping', () => {
    fc.assert(
      fc.property(model, model, model, (a, b, c) => {
        const [x, y, z] = [parsed(a), parsed(b), parsed(c)];
        expect(plain(merged(merged(x, y), z))).toEqual(plain(merged(x, merged(y, z))));
      }),
    );
  });

  test('keeps every pair of both, the later one of equal keys', () => {
    fc.assert(
      fc.property(pairs, asList, (a, b) => {
        const of = (environment: unknown): Dict => parsed({ services: { web: { environment } } });
        const later = Object.fromEntries(b.map((pair) => pair.split('=')));
        const result = plain(merged(of(a), of(b))) as { services: { web: { environment: unknown } } };
        expect(result.services.web.environment).toEqual({ ...a, ...later });
      }),
    );
  });

  test('!override replaces the value, !reset removes it, whatever it was', () => {
    fc.assert(
      fc.property(service, service, fc.constantFrom('reset', 'override'), (a, b, mark) => {
        const base = parsed({ services: { web: a } });
        const over = parsed({ services: { web: b } });
        const services = over.entries.get('services')?.value as Dict;
        const web = services.entries.get('web')?.value as Dict;
        const at = placeOf('b');
        const marked: Dict = { ...web, mark };
        const model = dict(at, [['services', { at, value: dict(at, [['web', { at, value: marked }]]) }]]);
        const result = plain(settle(merged(base, model))) as { services: Record<string, unknown> };
        expect(result.services).toEqual(mark === 'reset' ? {} : { web: plain(web) });
      }),
    );
  });

  test('every value still knows the file it was written in', () => {
    const files = (tree: Tree): readonly [unknown, string][] => {
      if (tree.kind === 'scalar') return [[tree.value, tree.at.source.file]];
      const below = tree.kind === 'list' ? tree.items : [...tree.entries.values()].map(({ value }) => value);
      return below.flatMap(files);
    };
    fc.assert(
      fc.property(pairs, pairs, (a, b) => {
        const of = (environment: unknown, file: string): Dict =>
          parsed({ services: { web: { environment } } }, file);
        const result = merged(of(a, 'a'), of(b, 'b'));
        const later = Object.keys(b).length;
        const earlier = Object.keys(a).filter((name) => !Object.hasOwn(b, name)).length;
        const found = files(result).map(([, file]) => file);
        expect(found.filter((file) => file === 'b')).toHaveLength(later);
        expect(found.filter((file) => file === 'a')).toHaveLength(earlier);
      }),
    );
  });
});
