import type { AnyObject, Kind, KindMap } from '@gantry/core/model';
import type { Colors } from './colors.ts';

/** Context of cells besides their object. */
export interface CellContext {
  readonly now: number;
  readonly colors: Colors;
}

/** A column of a kind's table. */
export interface Column<T = AnyObject> {
  readonly title: string;
  /** Shown only with `-o wide`. */
  readonly wide?: boolean;
  readonly cell: (object: T, context: CellContext) => string;
}

/** Columns of the kinds known to the command line; other kinds get name and age. */
export type ColumnsByKind = { readonly [K in Kind]?: readonly Column<KindMap[K]>[] };
