import { type AnyObject, type KindColumn, readField } from '@gantry/core/model';
import type { CellContext, Column, ColumnsByKind } from '../output/columns.ts';
import { AGE, NAME, NAMESPACE, showLabels } from './common.ts';
import { NODE_COLUMNS } from './node-columns.ts';
import { EVENT_COLUMNS, NETWORK_COLUMNS, TEMPLATE_COLUMNS } from './other-columns.ts';
import { SERVER_COLUMNS } from './server-columns.ts';
import { SERVICE_COLUMNS } from './service-columns.ts';
import { TASK_COLUMNS } from './task-columns.ts';

const BY_KIND: ColumnsByKind & { readonly server: readonly Column[] } = Object.freeze({
  service: SERVICE_COLUMNS,
  task: TASK_COLUMNS,
  node: NODE_COLUMNS,
  network: NETWORK_COLUMNS,
  template: TEMPLATE_COLUMNS,
  event: EVENT_COLUMNS,
  server: SERVER_COLUMNS as unknown as readonly Column[],
});

/** Columns declared by the kind, if any. */
function declared(columns: readonly KindColumn[]): readonly Column[] {
  return [
    NAME,
    ...columns.map(
      ({ title, path, wide = false }): Column => ({
        title,
        wide,
        cell: (object) => readField(object, path) ?? '<none>',
      }),
    ),
    AGE,
    { title: 'LABELS', wide: true, cell: ({ meta }: AnyObject) => showLabels(meta.labels) },
  ];
}

export interface ColumnChoice {
  readonly wide: boolean;
  /** Adds a namespace column in front. */
  readonly namespaces: boolean;
  /** Adds a label column at the end. */
  readonly labels?: boolean;
}

/** Returns the columns of a kind. `own`: the columns that a plugin's kind declares. */
export function columnsOf(
  kind: string,
  { wide, namespaces, labels = false }: ColumnChoice,
  own: readonly KindColumn[] = [],
): readonly Column[] {
  const known = BY_KIND as Readonly<Record<string, readonly Column[] | undefined>>;
  const all = (Object.hasOwn(known, kind) ? known[kind] : undefined) ?? declared(own);
  return [
    ...(namespaces ? [NAMESPACE] : []),
    ...all.filter((column) => wide || column.wide !== true),
    ...(labels ? [{ title: 'LABELS', cell: ({ meta }: AnyObject) => showLabels(meta.labels) }] : []),
  ];
}

/** Returns the rows of a table, starting with the titles unless they are omitted. */
export function rowsOf(
  objects: readonly AnyObject[],
  columns: readonly Column[],
  context: CellContext,
  titles = true,
): string[][] {
  const rows = objects.map((object) => columns.map(({ cell }) => cell(object, context)));
  return titles ? [columns.map(({ title }) => title), ...rows] : rows;
}
