import type { AnyObject, KindInfo } from '@gantry/core/model';
import { columnsOf, rowsOf } from '../columns/index.ts';
import { columnRows, type Format, renderData } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';

export interface PrintOptions {
  readonly format: Format;
  readonly headers: boolean;
  readonly namespaces: boolean;
  readonly labels?: boolean;
  /** A single object was requested by name: its document is not a list. */
  readonly single?: boolean;
  /** Kinds, for those that declare their own columns. */
  readonly kinds?: readonly KindInfo[];
}

/** Prints objects: one table for each kind, or one document. */
export async function printObjects(
  cx: Cx,
  objects: readonly AnyObject[],
  options: PrintOptions,
): Promise<void> {
  const { format } = options;
  if (format.type === 'table') {
    cx.io.stdout.write(await tables(cx, objects, { ...options, format }));
    return;
  }
  if (format.type === 'columns') {
    cx.io.stdout.write(renderTable(await columnRows(format, objects, options.headers)));
    return;
  }
  const value =
    options.single === true && objects.length === 1 ? objects[0] : { kind: 'list', items: objects };
  const named = (): string[] => objects.map(({ kind, meta }) => `${kind}/${meta.name}`);
  cx.io.stdout.write(await renderData(format, value, named));
}

async function tables(
  cx: Cx,
  objects: readonly AnyObject[],
  options: PrintOptions & { readonly format: { readonly type: 'table'; readonly wide: boolean } },
): Promise<string> {
  const kinds = [...new Set(objects.map(({ kind }) => kind))];
  const context = { now: (await cx.clock()).now(), colors: cx.colors };
  const parts = kinds.map((kind) => {
    const choice = {
      wide: options.format.wide,
      namespaces: options.namespaces && objects.some(({ meta }) => meta.namespace !== undefined),
      labels: options.labels ?? false,
    };
    const columns = columnsOf(kind, choice, options.kinds?.find((each) => each.kind === kind)?.columns);
    const rows = rowsOf(
      objects.filter((object) => object.kind === kind),
      columns,
      context,
      options.headers,
    );
    return renderTable(kinds.length > 1 ? namesWithKind(rows, kind, options) : rows);
  });
  return parts.join('\n');
}

/** Prefixes names with their kind, for tables of several kinds. Events have no name column. */
export function namesWithKind(
  rows: readonly string[][],
  kind: string,
  { headers, namespaces }: Pick<PrintOptions, 'headers' | 'namespaces'>,
): readonly string[][] {
  const at = namespaces ? 1 : 0;
  if (kind === 'event') return rows;
  return rows.map((row, index) =>
    headers && index === 0 ? row : row.map((cell, column) => (column === at ? `${kind}/${cell}` : cell)),
  );
}
