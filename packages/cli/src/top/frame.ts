import type { AnyObject, Node, Service, Task } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import type { Colors } from '../output/colors.ts';
import { showAge } from '../output/duration.ts';
import { safe } from '../output/safe-text.ts';
import { displayWidth } from '../output/table.ts';
import type { Catalog } from './catalog.ts';
import { liveColumns } from './live-columns.ts';
import { cut, padded } from './plain-text.ts';
import {
  cursorOf,
  listHeight,
  type Page,
  type Place,
  pageHeight,
  placeOf,
  shownLines,
  topOf,
  type UiState,
} from './ui-state.ts';
import { hasEnded, isHealthy, PLURAL, SORTS, VIEW_KINDS } from './view-kinds.ts';

/** Contents of the screen besides the user's own state. */
export interface Scene {
  readonly cluster: string;
  readonly catalog: Catalog;
  /** Objects in the list, in its order. */
  readonly rows: readonly AnyObject[];
  readonly ids: readonly string[];
  /** ms since the epoch. */
  readonly now: number;
  /** Since when the server has not answered, in ms since the epoch; undefined while it answers. */
  readonly lostAt?: number | undefined;
  /** Why the server does not answer. */
  readonly lostWhy?: string | undefined;
  /** Numbers of healthy and of all nodes, services and tasks. */
  readonly counts: Counts;
}

export type Counts = Readonly<Record<'node' | 'service' | 'task', readonly [healthy: number, all: number]>>;

/** Computes the counts in the title, once per change instead of once per frame. */
export function countHealthy(catalog: Catalog): Counts {
  const count = (kind: keyof Counts): readonly [number, number] => {
    let healthy = 0;
    let all = 0;
    for (const object of catalog.all(kind)) {
      if (object.kind === 'task' && hasEnded(object)) continue;
      all += 1;
      if (isHealthy(object as Node | Service | Task)) healthy += 1;
    }
    return [healthy, all];
  };
  return { node: count('node'), service: count('service'), task: count('task') };
}

/** Renders the lines of a screen, none wider than it is; only visible rows are rendered. */
export function renderFrame(ui: UiState, scene: Scene, colors: Colors): string[] {
  const top = [title(scene, colors), tabs(ui, colors)];
  const body = ui.page === undefined ? list(ui, scene, colors) : pageLines(ui, ui.page, colors);
  const height = Math.max(1, ui.rows - 1);
  const lines = [...top, ...body].slice(0, height);
  while (lines.length < height) lines.push('');
  return [...lines, footer(ui, colors)].slice(-ui.rows).map((line) => cut(line, ui.columns));
}

function title(scene: Scene, colors: Colors): string {
  const parts = (['node', 'service', 'task'] as const).map((kind) => {
    const [healthy, all] = scene.counts[kind];
    if (!scene.catalog.isListed(kind))
      return `${PLURAL[kind]} ${scene.catalog.denied(kind) === undefined ? '…' : '-'}`;
    const text = `${PLURAL[kind]} ${healthy}/${all} ready`;
    return healthy < all ? colors.yellow(text) : text;
  });
  const { lostAt, lostWhy = 'no answer', now } = scene;
  const state =
    lostAt === undefined
      ? colors.green('connected')
      : colors.red(`connection lost ${showAge(now - lostAt)} ago, reconnecting: ${safe(lostWhy)}`);
  return [colors.bold(`gantry top: ${scene.cluster}`), state, ...parts].join('  ');
}

function tabs(ui: UiState, colors: Colors): string {
  const { kind } = placeOf(ui);
  const parts = VIEW_KINDS.map((each, index) => {
    const text = `${index + 1} ${PLURAL[each]}`;
    return each === kind ? colors.inverse(`[${text}]`) : ` ${text} `;
  });
  const namespace = ui.namespace === undefined ? 'all namespaces' : `namespace ${ui.namespace}`;
  return `${parts.join(' ')}  ${colors.dim(namespace)}`;
}

function list(ui: UiState, { catalog, rows, ids, now }: Scene, colors: Colors): string[] {
  const place = placeOf(ui);
  const columns = liveColumns(place.kind, ui.namespace === undefined, catalog.usageOf);
  const cursor = cursorOf(place, ids);
  const height = listHeight(ui);
  const first = Math.max(0, Math.min(cursor - Math.floor(height / 2), rows.length - height));
  const shown = rows.slice(first, first + height);
  const cells = shown.map((object) => columns.map(({ cell }) => safe(cell(object, { now, colors }))));
  const sorted = place.sort ?? (Object.keys(SORTS[place.kind])[0] as string);
  const arrow = place.reverse ? '↑' : '↓';
  const titles = columns.map(({ title: text }) => (text === sorted ? `${text}${arrow}` : text));
  const widths = titles.map((text, column) =>
    cells.reduce((most, row) => Math.max(most, displayWidth(row[column] ?? '')), displayWidth(text)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < row.length - 1 ? padded(cell, widths[column] ?? 0) : cell))
      .join('  ');
  const heading = `${listTitle(place)} ${position(cursor, rows.length)}`;
  const empty = emptyText(place, catalog);
  return [
    colors.dim(heading),
    colors.bold(`  ${line(titles)}`),
    ...cells.map((row, index) =>
      first + index === cursor ? `${colors.inverse('>')} ${colors.bold(line(row))}` : `  ${line(row)}`,
    ),
    ...(rows.length === 0 ? [`  ${colors.dim(empty)}`] : []),
  ];
}

function listTitle({ kind, scope, filter }: Place): string {
  const of = scope === undefined ? '' : ` of ${scope.kind}/${scope.id}`;
  return `${PLURAL[kind]}${of}${filter === '' ? '' : ` with "${safe(filter)}"`}`;
}

const position = (cursor: number, count: number): string => (count === 0 ? '' : `${cursor + 1} of ${count}`);

function emptyText({ kind, filter, scope }: Place, catalog: Catalog): string {
  const denied = catalog.denied(kind);
  if (denied !== undefined) return safe(denied);
  if (!catalog.isListed(kind)) return 'loading …';
  if (filter !== '') return `no ${PLURAL[kind]} contain this text: Esc removes the filter`;
  return scope === undefined ? `no ${PLURAL[kind]}` : `no ${PLURAL[kind]} here: Esc goes back`;
}

function pageLines(ui: UiState, page: Page, colors: Colors): string[] {
  const height = pageHeight(ui);
  const lines = shownLines(page);
  const top = topOf(page, height);
  const what = page.id === undefined ? page.of : `${page.of} ${page.kind}/${page.id}`;
  const end = Math.min(top + height, lines.length);
  const place =
    lines.length > height ? `lines ${top + 1}–${end} of ${lines.length}` : counted(lines.length, 'line');
  const follow = page.of === 'logs' ? (page.follow ? ', following' : ', not following: f follows') : '';
  const filter = page.filter === '' ? '' : ` with "${safe(page.filter)}"`;
  const shown = lines.slice(top, top + height).map((text) => cut(text, ui.columns, page.left));
  return [
    colors.dim(`${what} ${place}${filter}${follow}`),
    ...(page.note === undefined ? [] : [colors.yellow(safe(page.note))]),
    ...shown,
  ];
}

const LIST_HINT = '? help  / filter  : view  d describe  x explain  l logs  e events  s sort  q quit';
const PAGE_HINT = '? help  / filter  ↑↓←→ scroll  r reload  Esc back';

function footer(ui: UiState, colors: Colors): string {
  if (ui.prompt !== undefined) return `${ui.prompt.of === 'filter' ? '/' : ':'}${safe(ui.prompt.text)}█`;
  if (ui.message !== undefined) return colors.yellow(safe(ui.message));
  return colors.dim(ui.page === undefined ? LIST_HINT : PAGE_HINT);
}
