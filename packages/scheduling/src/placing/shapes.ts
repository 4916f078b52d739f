import type { Round, TaskGroup } from '@gantry/core/contracts';
import type { Filter } from '../filter.ts';
import type { Scorer } from '../scorer.ts';
import { BULK_TASKS_PER_NODE } from './take-turn.ts';

/**
 * Maximum number of shapes. Each keeps a few numbers per node: the shapes with the most groups are shared, groups of
 * other shapes are placed alone.
 */
const MAX_SHAPES = 64;

/**
 * Finds small groups of a round that are equal for all filters and scorers. Empty if it would not pay: to share results
 * about nodes, the nodes with tasks of the services must be looked up.
 */
export function shapesOf(
  { nodes, groups }: Round,
  filters: readonly Filter[],
  scorers: readonly Scorer[],
): ReadonlyMap<TaskGroup, string> {
  const most = nodes.length * BULK_TASKS_PER_NODE;
  const alike = new Map<string, TaskGroup[]>();
  for (const group of groups.length > 1 ? groups : []) {
    const shape = group.tasks.length < most ? shapeOf(group, filters, scorers) : undefined;
    if (shape === undefined) continue;
    const known = alike.get(shape);
    if (known === undefined) alike.set(shape, [group]);
    else known.push(group);
  }
  const shared = [...alike]
    .filter(([, some]) => some.length > 1)
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, MAX_SHAPES);
  const asked = shared.reduce((sum, [, some]) => sum + some.length, 0) * nodes.length;
  const lookups = nodes.reduce((sum, { tasksOf }) => sum + tasksOf.size, 0);
  if (asked <= lookups) return new Map();
  return new Map(shared.flatMap(([shape, some]) => some.map((group) => [group, shape] as const)));
}

/** Undefined for a group that some filter or scorer considers unique. */
function shapeOf(
  group: TaskGroup,
  filters: readonly Filter[],
  scorers: readonly Scorer[],
): string | undefined {
  const parts: unknown[] = [group.requests];
  for (const filter of filters) {
    const shape = filter.shape?.(group);
    if (shape === undefined) return undefined;
    parts.push(shape);
  }
  for (const scorer of scorers) {
    const applies = scorer.applies?.(group) ?? true;
    const shape = applies && scorer.domain === undefined ? scorer.shape?.(group) : undefined;
    if (applies && shape === undefined) return undefined;
    parts.push(shape ?? null);
  }
  return JSON.stringify(parts);
}
