import { type AnyObject, DEFAULT_NAMESPACE, idOf } from '@gantry/core/model';
import type { Catalog } from './catalog.ts';
import { placeOf, type Scope, type UiState } from './ui-state.ts';
import { HIGHEST_FIRST, SORTS, searchText } from './view-kinds.ts';

/** Returns the objects of a list, in its order. */
export function selectRows(catalog: Catalog, ui: UiState): readonly AnyObject[] {
  const place = placeOf(ui);
  const wanted = place.filter.toLowerCase();
  const rows: { readonly key: number | string; readonly id: string; readonly object: AnyObject }[] = [];
  const sorts = SORTS[place.kind];
  const sort = place.sort ?? (Object.keys(sorts)[0] as string);
  const keyOf = sorts[sort] ?? (() => 0);
  for (const object of catalog.all(place.kind)) {
    if (!isIn(object, ui.namespace) || !belongsTo(object, place.scope)) continue;
    if (wanted !== '' && !searchText(object).includes(wanted)) continue;
    rows.push({ key: keyOf(object, catalog.usageOf), id: idOf(object.meta), object });
  }
  const sign = HIGHEST_FIRST.has(sort) === place.reverse ? 1 : -1;
  rows.sort(
    (a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  return rows.map(({ object }) => object);
}

const isIn = ({ meta, kind }: AnyObject, namespace: string | undefined): boolean =>
  namespace === undefined || kind === 'node' || (meta.namespace ?? DEFAULT_NAMESPACE) === namespace;

function belongsTo(object: AnyObject, scope: Scope | undefined): boolean {
  if (scope === undefined) return true;
  if (object.kind === 'task')
    return scope.kind === 'node' ? object.spec.node === scope.id : object.spec.service === scope.id;
  if (object.kind !== 'event') return true;
  const { kind, name } = object.spec.regarding;
  return (kind === scope.kind && name === scope.id) || (kind === 'task' && name.startsWith(`${scope.id}.`));
}

/** Caches the selected rows until what they depend on changes, so that redrawing costs nothing. */
export class RowCache {
  readonly #catalog: Catalog;
  #key = '';
  #rows: readonly AnyObject[] = [];
  #ids: readonly string[] = [];

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  rows(ui: UiState): readonly AnyObject[] {
    this.#refresh(ui);
    return this.#rows;
  }

  ids(ui: UiState): readonly string[] {
    this.#refresh(ui);
    return this.#ids;
  }

  #refresh(ui: UiState): void {
    const { kind, filter, scope, sort, reverse } = placeOf(ui);
    const measured = sort === 'CPU' || sort === 'MEMORY' ? this.#catalog.usageVersion : 0;
    const parts = [kind, this.#catalog.version(kind), measured, filter, scope, sort, reverse, ui.namespace];
    const key = JSON.stringify(parts);
    if (key === this.#key) return;
    this.#key = key;
    this.#rows = selectRows(this.#catalog, ui);
    this.#ids = this.#rows.map(({ meta }) => idOf(meta));
  }
}
