import type { AnyObject, ObjectMeta } from '@gantry/core/model';
import type { Colors } from '../output/colors.ts';
import type { Column } from '../output/columns.ts';
import { showAge } from '../output/duration.ts';

export const NAME: Column<{ readonly meta: ObjectMeta }> = Object.freeze({
  title: 'NAME',
  cell: ({ meta }: { readonly meta: ObjectMeta }) => meta.name,
});

export const NAMESPACE: Column = Object.freeze({
  title: 'NAMESPACE',
  cell: ({ meta }: AnyObject) => meta.namespace ?? 'default',
});

export const AGE: Column<{ readonly meta: ObjectMeta }> = Object.freeze({
  title: 'AGE',
  cell: ({ meta }: { readonly meta: ObjectMeta }, { now }: { readonly now: number }) =>
    showAge(now - meta.createdAt),
});

/** Formats labels as `a=1,b=2`, or `<none>`. */
export function showLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.join(',');
}

/** Colours a state word by health. */
export function tint(colors: Colors, word: string): string {
  if (/^(ready|running|active|true|complete|completed|normal|Available)$/.test(word))
    return colors.green(word);
  if (/^(failed|rejected|orphaned|down|unreachable|false|rollback-paused|paused)$/.test(word))
    return colors.red(word);
  if (/^(pending|assigned|preparing|starting|stopping|pause|drain|unknown|warning|updating)/.test(word)) {
    return colors.yellow(word);
  }
  return word;
}
