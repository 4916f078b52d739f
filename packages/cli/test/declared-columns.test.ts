import type { AnyObject, KindColumn } from '@gantry/core/model';
import { expect, test } from 'vitest';
import { columnsOf, rowsOf } from '../src/columns/index.ts';
import { colorsFor } from '../src/output/colors.ts';

const columns: readonly KindColumn[] = [
  { title: 'ZONE', path: 'spec.zone' },
  { title: 'LIT', path: 'status.lit' },
  { title: 'WATTS', path: 'spec.watts', wide: true },
];
const meta = { name: 'desk', namespace: 'home', uid: 'u', generation: 1, createdAt: 0, labels: {} };
const lamp = { kind: 'lamp', meta, spec: { zone: 'hall', watts: 7 } } as unknown as AnyObject;
const colors = colorsFor({ isTTY: false }, {}, undefined);

const table = (choice: { wide: boolean; namespaces: boolean }) =>
  rowsOf([lamp], columnsOf('lamp', choice, columns), { now: 60_000, colors });

test('a kind shows the columns that it declares between name and age, and <none> for a missing field', () => {
  expect(table({ wide: false, namespaces: true })).toEqual([
    ['NAMESPACE', 'NAME', 'ZONE', 'LIT', 'AGE'],
    ['home', 'desk', 'hall', '<none>', '60s'],
  ]);
});

test('wide columns are shown with -o wide only', () => {
  expect(table({ wide: true, namespaces: false })[0]).toEqual([
    'NAME',
    'ZONE',
    'LIT',
    'WATTS',
    'AGE',
    'LABELS',
  ]);
});
