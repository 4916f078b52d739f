import { stripVTControlCharacters } from 'node:util';
import { type AnyObject, idOf, type Kind, type KindInfo, type SelectOptions } from '@gantry/core';
import { allPages } from '../cluster/all-pages.ts';
import { columnsOf, rowsOf } from '../columns/index.ts';
import type { Cx } from '../session.ts';
import { renderData } from './format.ts';
import type { PrintOptions } from './print-objects.ts';
import { problemOf } from './problem.ts';
import { renderTable } from './table.ts';

export interface WatchPrintOptions extends PrintOptions {
  readonly select: SelectOptions;
  /** Ids; all without it. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Shows what there is before it shows changes. */
  readonly listFirst: boolean;
}

/** Shows each change of the objects of a kind as a row or a document of its own, until it is interrupted. */
export async function watchObjects(cx: Cx, kind: KindInfo, options: WatchPrintOptions): Promise<void> {
  const api = await cx.api();
  let first = true;
  let widths: readonly number[] = [];
  const clock = await cx.clock();
  const wanted = ({ meta }: AnyObject): boolean => options.only === undefined || options.only.has(idOf(meta));
  const show = async (objects: readonly AnyObject[]): Promise<void> => {
    const { format } = options;
    if (format.type !== 'table') {
      for (const object of objects) {
        if (format.type === 'yaml') cx.io.stdout.write('---\n');
        cx.io.stdout.write(await renderData(format, object, () => [`${object.kind}/${object.meta.name}`]));
      }
      return;
    }
    const columns = columnsOf(kind.kind, {
      wide: format.wide,
      namespaces: options.namespaces && kind.namespaced,
      labels: options.labels ?? false,
    });
    const rows = rowsOf(objects, columns, { now: clock.now(), colors: cx.colors }, first && options.headers);
    widths = columns.map((_, index) =>
      Math.max(widths[index] ?? 0, ...rows.map((row) => stripVTControlCharacters(row[index] ?? '').length)),
    );
    first = false;
    if (rows.length > 0) cx.io.stdout.write(renderTable(rows, { widths }));
  };
  for (;;) {
    const { items, revision } = await allPages(api, kind.kind as Kind, {
      ...options.select,
      signal: cx.signal,
    });
    if (options.listFirst && first) await show(items.filter(wanted));
    try {
      const changes = api.watch(kind.kind as Kind, { ...options.select, since: revision, signal: cx.signal });
      for await (const batch of changes) await show(batch.map(({ object }) => object).filter(wanted));
      return;
    } catch (error) {
      if (problemOf(error).code !== 'COMPACTED') throw error;
      cx.warn('some changes were missed: the history is gone');
    }
  }
}
