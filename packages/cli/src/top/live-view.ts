import { idOf } from '@gantry/core/model';
import type { Colors } from '../output/colors.ts';
import { Catalog } from './catalog.ts';
import { type Counts, countHealthy, renderFrame } from './frame.ts';
import { handleKey, type Selected } from './handle-key.ts';
import type { Key } from './keys.ts';
import type { PageChange } from './load-page.ts';
import { RowCache } from './row-selection.ts';
import type { Effect } from './step.ts';
import { newPlace, type Page, type UiState } from './ui-state.ts';
import { VIEW_KINDS, type ViewKind } from './view-kinds.ts';

export interface LiveViewOptions {
  readonly cluster: string;
  readonly colors: Colors;
  readonly namespace?: string | undefined;
  readonly rows: number;
  readonly columns: number;
}

/** The live view without a terminal: takes keys, sizes and changes of the cluster, and produces frames. */
export class LiveView {
  readonly catalog = new Catalog();
  readonly #cluster: string;
  readonly #colors: Colors;
  readonly #rows = new RowCache(this.catalog);
  #ui: UiState;
  #counts: Counts = { node: [0, 0], service: [0, 0], task: [0, 0] };
  #counted = '';
  #lostAt: number | undefined;
  #lostWhy: string | undefined;

  constructor({ cluster, colors, namespace, rows, columns }: LiveViewOptions) {
    this.#cluster = cluster;
    this.#colors = colors;
    this.#ui = { trail: [newPlace('service')], namespace, rows, columns };
  }

  /** The page that covers the list. */
  get page(): Page | undefined {
    return this.#ui.page;
  }

  resize(rows: number, columns: number): void {
    this.#ui = { ...this.#ui, rows, columns };
  }

  /** Limits the view to a namespace, because the token allows no other. */
  confine(namespace: string): void {
    this.#ui = { ...this.#ui, namespace };
  }

  /** Records whether the server has answered, or the problem. */
  reached(problem: string | undefined, now: number): void {
    this.#lostWhy = problem;
    this.#lostAt = problem === undefined ? undefined : (this.#lostAt ?? now);
  }

  /** Updates the page, unless the user has left it: `page` is the one that was loaded. */
  fill({ of, kind, id }: Page, change: PageChange): void {
    const shown = this.#ui.page;
    if (shown === undefined || shown.of !== of || shown.kind !== kind || shown.id !== id) return;
    this.#ui = { ...this.#ui, page: { ...shown, ...change } };
  }

  /** @returns the effect to perform besides drawing */
  press(key: Key): Effect | undefined {
    const rows = this.#rows.rows(this.#ui);
    const selected = (at: number): Selected | undefined => {
      const object = rows[at];
      if (object === undefined) return undefined;
      const regarding = object.kind === 'event' ? object.spec.regarding : undefined;
      const kind = VIEW_KINDS.find((each) => each === regarding?.kind);
      return {
        kind: object.kind as ViewKind,
        id: idOf(object.meta),
        regarding: regarding === undefined || kind === undefined ? undefined : { kind, id: regarding.name },
      };
    };
    const { ui, effect } = handleKey(this.#ui, key, { ids: this.#rows.ids(this.#ui), selected });
    this.#ui = ui;
    return effect;
  }

  /** Returns the lines of the screen. */
  frame(now: number): string[] {
    const versions = VIEW_KINDS.map((kind) => this.catalog.version(kind)).join();
    if (versions !== this.#counted) this.#counts = countHealthy(this.catalog);
    this.#counted = versions;
    const scene = {
      cluster: this.#cluster,
      catalog: this.catalog,
      rows: this.#rows.rows(this.#ui),
      ids: this.#rows.ids(this.#ui),
      now,
      lostAt: this.#lostAt,
      lostWhy: this.#lostWhy,
      counts: this.#counts,
    };
    return renderFrame(this.#ui, scene, this.#colors);
  }
}
