import type { AnyObject, Kind, KindMap } from '@gantry/core';
import type { Colors } from './colors.ts';

/** What cells need to know beyond their object. */
export interface CellContext {
  readonly now: number;
  readonly colors: Colors;
}

/** One column of a kind's table. */
export interface Column<T = AnyObject> {
  readonly title: string;
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
  readonly cell: (object: T, context: CellContext) => string;
}

/** The columns of each kind the command line knows; the others get name and age. */
export type ColumnsByKind = { readonly [K in Kind]?: readonly Column<KindMap[K]>[] };
