import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { circlesOf, structureOf } from '../scripts/structure.mjs';

describe('the structure of the repository', () => {
  const { packages, packageCircles } = structureOf(fileURLToPath(new URL('..', import.meta.url)));

  test('has no circle of imports between packages, between the folders of a package, or between files', () => {
    const circles = packages.flatMap(({ name, fileCircles, folderCircles }) =>
      [...fileCircles, ...folderCircles].map((circle) => `${name}: ${circle.join(' ')}`),
    );
    expect([...packageCircles, ...circles]).toEqual([]);
    expect(packages.length).toBeGreaterThan(25);
  });

  test('is read from a graph in which every circle is found once', () => {
    const graph = new Map(
      Object.entries({ a: ['b'], b: ['c', 'd'], c: ['a'], d: ['e'], e: ['d'], f: ['a', 'f'] }).map(
        ([name, uses]) => [name, new Set(uses)] as const,
      ),
    );
    expect(circlesOf(graph).sort()).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
    expect(circlesOf(new Map([['a', new Set(['b'])]]))).toEqual([]);
  });
});
