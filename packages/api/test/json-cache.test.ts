import type { AnyObject } from '@gantry/core/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonCache } from '../src/http/json-cache.ts';

const object = (name: string, revision: number | undefined, text: string): AnyObject =>
  ({
    kind: 'network',
    meta: {
      name,
      uid: name,
      generation: 1,
      createdAt: 0,
      labels: { text },
      ...(revision === undefined ? {} : { revision }),
    },
    spec: { internal: false },
  }) as AnyObject;

test('a list is what JSON makes of it, however often it is asked for, whatever is kept', () => {
  const change = fc.record({
    names: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }),
    changed: fc.constantFrom('a', 'b', 'c', 'd'),
    text: fc.string({ unit: 'grapheme', maxLength: 20 }),
    bare: fc.boolean(),
    next: fc.option(fc.string(), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(change), fc.constantFrom(0, 300, 10_000), (changes, limit) => {
      const cache = new JsonCache(limit);
      const objects = new Map<string, AnyObject>();
      let revision = 0;
      for (const { names, changed, text, bare, next } of changes) {
        revision++;
        objects.set(changed, object(changed, bare ? undefined : revision, text));
        const items = names.flatMap((name) => objects.get(name) ?? []);
        const result = { items, revision, ...(next === undefined ? {} : { continue: next }) };
        expect(JSON.parse(cache.list(result).toString())).toEqual(JSON.parse(JSON.stringify(result)));
      }
    }),
  );
});
