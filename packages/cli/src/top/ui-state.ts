import type { ViewKind } from './view-kinds.ts';

/** Rows of one node, or of one service. */
export interface Scope {
  readonly kind: 'node' | 'service';
  readonly id: string;
}

/** A list and the position in it. */
export interface Place {
  readonly kind: ViewKind;
  /** Only objects that belong to this one. */
  readonly scope?: Scope | undefined;
  /** Only rows that contain this text; empty for all. */
  readonly filter: string;
  /** Title of the column by which the rows are sorted; the kind's default if absent. */
  readonly sort?: string | undefined;
  readonly reverse: boolean;
  /** Id of the selected object; it stays selected while rows move. */
  readonly selected?: string | undefined;
  /** Last position of the selection, in case its object is gone. */
  readonly index: number;
}

export type PageOf = 'describe' | 'explain' | 'yaml' | 'logs' | 'help';

/** Text that covers the list: a description, an explanation, logs, help. */
export interface Page {
  readonly of: PageOf;
  readonly kind?: ViewKind | undefined;
  readonly id?: string | undefined;
  readonly lines: readonly string[];
  /** First displayed line among those that match the filter. */
  readonly top: number;
  /** First displayed column. */
  readonly left: number;
  /** Keeps the end in view as lines are added. */
  readonly follow: boolean;
  /** Only lines that contain this text; empty for all. */
  readonly filter: string;
  /** Why lines are missing; shown instead of lines. */
  readonly note?: string | undefined;
}

/** A line that is being typed. */
export interface Prompt {
  readonly of: 'filter' | 'command';
  readonly text: string;
}

export interface UiState {
  /** The lists that led to the current one, which is the last. */
  readonly trail: readonly [Place, ...Place[]];
  readonly page?: Page | undefined;
  readonly prompt?: Prompt | undefined;
  /** Response to the last key, shown until the next one. */
  readonly message?: string | undefined;
  /** Limits the view to this namespace and to objects without a namespace. */
  readonly namespace?: string | undefined;
  readonly rows: number;
  readonly columns: number;
}

/** Lines around the list: title, tabs, heading and column titles above, one line below. */
export const LIST_MARGIN = 5;
/** Lines around a page: title, tabs and heading above, one line below. */
export const PAGE_MARGIN = 4;

export const placeOf = ({ trail }: UiState): Place => trail[trail.length - 1] as Place;

export const listHeight = ({ rows }: UiState): number => Math.max(1, rows - LIST_MARGIN);
export const pageHeight = ({ rows }: UiState): number => Math.max(1, rows - PAGE_MARGIN);

export const newPlace = (kind: ViewKind, scope?: Scope): Place => ({
  kind,
  scope,
  filter: '',
  reverse: false,
  index: 0,
});

/** The position of the selection among the displayed rows: that of its object, or else the last one. */
export function cursorOf({ selected, index }: Place, ids: readonly string[]): number {
  const at = selected === undefined ? -1 : ids.indexOf(selected);
  return at >= 0 ? at : Math.max(0, Math.min(index, ids.length - 1));
}

/** Returns the lines of a page that match its filter. */
export function shownLines({ lines, filter }: Page): readonly string[] {
  if (filter === '') return lines;
  const wanted = filter.toLowerCase();
  return lines.filter((line) => line.toLowerCase().includes(wanted));
}

/** The first displayed line, which is never beyond the last full page. */
export function topOf(page: Page, height: number): number {
  const last = Math.max(0, shownLines(page).length - height);
  return page.follow ? last : Math.max(0, Math.min(page.top, last));
}
