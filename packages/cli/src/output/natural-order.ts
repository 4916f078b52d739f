const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Compares text in natural order: `node-2` before `node-10`. The order of texts that differ only in case is fixed. */
export function compareNatural(a: string, b: string): number {
  return COLLATOR.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Returns a copy in natural order of the items' texts. */
export function inNaturalOrder<T>(items: readonly T[], textOf: (item: T) => string): T[] {
  return items.toSorted((a, b) => compareNatural(textOf(a), textOf(b)));
}

/** Returns a key whose plain order approximates natural order: comparing keys is much faster than comparing texts. */
export function naturalKey(text: string): string {
  return text.replace(/\d+/g, (digits) => digits.padStart(12, '0'));
}
