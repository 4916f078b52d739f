import type { Entry } from '@gantry/core/contracts';

/** The values of entries. */
export function* valuesOf<T>(entries: Iterable<Entry<T>>): Iterable<T> {
  for (const { value } of entries) yield value;
}
