import type { Views } from '@gantry/core';
import type { View } from '@gantry/core/contracts';
import { type Declared, kindTable } from '@gantry/core/model';
import { expect, test } from 'vitest';
import { companionsIn, ObjectRelations } from '../src/api/object-relations.ts';
import { service } from './support/objects.ts';

const empty = { get: () => undefined, by: () => [] } as unknown as View<never>;
const views: Views = { of: () => empty };
const relations = new ObjectRelations(kindTable([]), views, { scheduler: [] });

const LENGTH = 50_000;
const { spec } = service();

/** A service that depends on another. */
function link(n: number, on: number | undefined): Declared<'service'> {
  const dependsOn = on === undefined ? [] : [{ service: `s${on}`, condition: 'started' as const }];
  return { kind: 'service', meta: { name: `s${n}` }, spec: { ...spec, dependsOn } };
}

test('a long chain of dependencies is followed to its end, and a circle is found there', () => {
  const chain = Array.from({ length: LENGTH }, (_, n) => link(n, n === 0 ? undefined : n - 1));
  const companions = companionsIn(chain);
  expect(() => relations.check(chain.at(-1) as Declared, companions)).not.toThrow();
  const closing = link(0, LENGTH - 1);
  const text = new RegExp(`depends on itself: s0 → s${LENGTH - 1} → .{1,150} → … → .{1,150} → s1 → s0$`);
  expect(() => relations.check(closing, companions)).toThrow(text);
});
