import { evaluate } from './jsonpath.ts';
import { compareNatural } from './natural-order.ts';

/** Sorts by a path such as `.meta.name`: numbers by value, text in natural order; items without a value come first. */
export function sortBy<T>(items: readonly T[], path: string): T[] {
  const expression = path.replace(/^\{(.*)\}$/, '$1');
  const full = expression.startsWith('$')
    ? expression
    : `$${expression.startsWith('.') ? '' : '.'}${expression}`;
  const keyed = items.map((item) => ({ item, key: evaluate(full, item)[0] }));
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item);
}

function compare(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return compareNatural(text(a), text(b));
}
