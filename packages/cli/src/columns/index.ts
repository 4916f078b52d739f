import { type AnyObject, type KindColumn, readField } from '@gantry/core';
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

/** The columns of a kind that declares its own, or none. */
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
  /** A column for it in front. */
  readonly namespaces: boolean;
  /** A column for them at the end. */
  readonly labels?: boolean;
}

/** The columns for objects of a kind; `own`: those that a plugin's kind declares. */
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

/** A table's rows: titles first, unless they are not wanted. */
export function rowsOf(
  objects: readonly AnyObject[],
  columns: readonly Column[],
  context: CellContext,
  titles = true,
): string[][] {
  const rows = objects.map((object) => columns.map(({ cell }) => cell(object, context)));
  return titles ? [columns.map(({ title }) => title), ...rows] : rows;
}
