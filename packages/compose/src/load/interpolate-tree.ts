import { join, type Log } from '../model/log.ts';
import type { Tree } from '../model/tree.ts';
import { interpolate } from '../syntax/interpolate.ts';

/**
 * Interpolates every value, but neither keys nor top-level extension fields: `x-*` matters only where aliases refer to
 * it.
 */
export function interpolateTree(tree: Tree, log: Log, path = ''): Tree {
  if (tree.kind === 'list') {
    return { ...tree, items: tree.items.map((item, index) => interpolateTree(item, log, join(path, index))) };
  }
  if (tree.kind === 'dict') {
    const entries = [...tree.entries].map(([key, entry]) => {
      if (path === '' && key.startsWith('x-')) return [key, entry] as const;
      return [key, { ...entry, value: interpolateTree(entry.value, log, join(path, key)) }] as const;
    });
    return { ...tree, entries: new Map(entries) };
  }
  if (typeof tree.value !== 'string' || !tree.value.includes('$')) return tree;
  const { variables } = tree.at.source;
  const { text, unset, problem } = interpolate(tree.value, (name) => variables.get(name));
  if (problem !== undefined) log.invalid(tree.at, path, problem);
  for (const name of unset) {
    log.add('note', tree.at, path, `the variable "${name}" is not set: an empty text stands for it`);
  }
  return { ...tree, value: text, text };
}
