import type { SelectOptions } from '@gantry/core/api';
import { type AnyObject, idOf, type Kind, type KindInfo } from '@gantry/core/model';
import { allPages } from '../cluster/all-pages.ts';
import { columnsOf, rowsOf } from '../columns/index.ts';
import { columnRows, renderData } from '../output/format.ts';
import { problemOf } from '../output/problem.ts';
import { displayWidth, renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import { namesWithKind, type PrintOptions } from './print-objects.ts';

export interface WatchPrintOptions extends PrintOptions {
  readonly select: SelectOptions;
  /** Ids to watch (default: all). */
  readonly only?: ReadonlySet<string> | undefined;
  /** Whether names include their kind, when several kinds are watched. */
  readonly prefixed?: boolean;
  /** Shows the existing objects before changes. */
  readonly listFirst: boolean;
}

/** Prints each change of the objects of a kind as a row or a document, until interrupted. */
export async function watchObjects(cx: Cx, kind: KindInfo, options: WatchPrintOptions): Promise<void> {
  const api = await cx.api();
  let first = true;
  const widths: number[] = [];
  const clock = await cx.clock();
  const wanted = ({ meta }: AnyObject): boolean => options.only === undefined || options.only.has(idOf(meta));
  const writeRows = (rows: readonly (readonly string[])[]): void => {
    first = false;
    for (const row of rows)
      for (const [index, cell] of row.entries())
        widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
    if (rows.length > 0) cx.io.stdout.write(renderTable(rows, { widths }));
  };
  const show = async (objects: readonly AnyObject[]): Promise<void> => {
    const { format } = options;
    if (format.type === 'columns')
      return writeRows(await columnRows(format, objects, first && options.headers));
    if (format.type !== 'table') {
      for (const object of objects) {
        if (format.type === 'yaml') cx.io.stdout.write('---\n');
        cx.io.stdout.write(await renderData(format, object, () => [`${object.kind}/${object.meta.name}`]));
      }
      return;
    }
    const choice = {
      wide: format.wide,
      namespaces: options.namespaces && kind.namespaced,
      labels: options.labels ?? false,
    };
    const columns = columnsOf(kind.kind, choice, kind.columns);
    const headers = first && options.headers;
    const rows = rowsOf(objects, columns, { now: clock.now(), colors: cx.colors }, headers);
    const namespaces = options.namespaces && kind.namespaced;
    writeRows(options.prefixed === true ? namesWithKind(rows, kind.kind, { headers, namespaces }) : rows);
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
