import { join, type Log } from '../model/log.ts';
import { isNull, kindOf, plain, type Tree } from '../model/tree.ts';
import type { Field, Fields } from './field.ts';

/** The table as a tree. */
export interface Shape {
  field?: Field;
  /** Fields below `*`. */
  any?: Shape;
  /** Fields below `[]`. */
  item?: Shape;
  readonly keys: Map<string, Shape>;
}

/** Builds a tree from the flat table. */
export function shapeOf(fields: Fields): Shape {
  const root: Shape = { keys: new Map() };
  for (const [path, field] of Object.entries(fields)) {
    let shape = root;
    for (const part of path.replaceAll('[]', '.[]').split('.')) shape = step(shape, part);
    shape.field = field;
  }
  return root;
}

function step(shape: Shape, part: string): Shape {
  if (part === '*') {
    shape.any ??= { keys: new Map() };
    return shape.any;
  }
  if (part === '[]') {
    shape.item ??= { keys: new Map() };
    return shape.item;
  }
  const next = shape.keys.get(part) ?? { keys: new Map() };
  shape.keys.set(part, next);
  return next;
}

/**
 * Compares a document with the table: reports values that are rejected, unknown or of the wrong form, and marks
 * harmless ones as accounted for. Honoured values are left to the code that reads them.
 */
export function checkFields(tree: Tree, shape: Shape, path: string, log: Log): void {
  const { field, any, item, keys } = shape;
  if (isNull(tree)) log.cover(tree);
  else if (field !== undefined && field.how !== 'honoured') apply(field, tree, path, log);
  else if (tree.kind === 'dict' && (keys.size > 0 || any !== undefined)) {
    for (const [key, { at, value }] of tree.entries) {
      const next = keys.get(key) ?? any;
      if (next !== undefined) checkFields(value, next, join(path, key), log);
      else {
        log.cover(value);
        if (!key.startsWith('x-'))
          log.add('unsupported', at, join(path, key), unknown(key, [...keys.keys()]));
      }
    }
  } else if (tree.kind === 'list' && item !== undefined) {
    tree.items.forEach((one, index) => {
      checkFields(one, item, join(path, index), log);
    });
  } else if (field === undefined) {
    const expected = item === undefined ? 'a mapping' : 'a list';
    log.cover(tree);
    log.invalid(tree.at, path, `expected ${expected}, got ${kindOf(tree)}`);
  }
}

function apply(field: Exclude<Field, { how: 'honoured' }>, tree: Tree, path: string, log: Log): void {
  log.cover(tree);
  if (field.how === 'noted') log.add('note', tree.at, path, field.why);
  if (field.how !== 'refused' || asksForNothing(tree, field.except)) return;
  log.add('unsupported', tree.at, path, field.why);
}

function asksForNothing(tree: Tree, except: readonly string[]): boolean {
  if (tree.kind === 'scalar') return tree.value === '' || except.includes(String(tree.value));
  return tree.kind === 'list' ? tree.items.length === 0 : Object.keys(plain(tree) as object).length === 0;
}

function unknown(key: string, known: readonly string[]): string {
  const near = known.find((one) => isNear(one, key));
  return near === undefined ? 'unknown field' : `unknown field; "${near}" was perhaps meant`;
}

/**
 * Whether two keys are equal except for case, dashes, underscores, two transposed letters, or one letter added, missing
 * or different.
 */
function isNear(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => text.toLowerCase().replace(/[-_]/g, '')) as [string, string];
  if (x === y) return true;
  let start = 0;
  while (start < x.length && x[start] === y[start]) start++;
  const [restX, restY] = [x.slice(start), y.slice(start)];
  if (x.length < 3) return false;
  const swapped =
    restX.slice(0, 2) === [...restY.slice(0, 2)].reverse().join('') && restX.slice(2) === restY.slice(2);
  return swapped || restX.slice(1) === restY || restX === restY.slice(1) || restX.slice(1) === restY.slice(1);
}
