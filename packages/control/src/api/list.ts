import { type ListOptions, type ListResult, selects } from '@gantry/core/api';
import type { View } from '@gantry/core/contracts';
import { idOf, invalidObject, type Kind, type KindMap, type KindTable } from '@gantry/core/model';
import { present } from './present.ts';

/** Returns a page of the matching objects of a kind, in the order of their ids. */
export function listKind<K extends Kind>(
  view: View<K>,
  kinds: KindTable,
  options: ListOptions,
): ListResult<KindMap[K]> {
  const { limit } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw invalidObject('list', [{ path: 'limit', message: 'expected a whole number above 0' }]);
  }
  const matches = selects(options);
  const after = options.continue === undefined ? '' : decode(options.continue);
  const found: { readonly id: string; readonly entry: ReturnType<View<K>['get']> & object }[] = [];
  for (const entry of view.all()) {
    const id = idOf(entry.value.meta);
    if (id > after && matches(entry.value)) found.push({ id, entry });
  }
  found.sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = limit === undefined ? found : found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ entry }) => present(entry, kinds)),
    revision: view.revision,
    ...(page.length < found.length && last !== undefined ? { continue: encode(last.id) } : {}),
  };
}

function encode(id: string): string {
  return Buffer.from(id).toString('base64url');
}

function decode(token: string): string {
  const id = Buffer.from(token, 'base64url').toString();
  if (encode(id) === token) return id;
  throw invalidObject('list', [
    { path: 'continue', message: 'expected the "continue" of an earlier answer' },
  ]);
}
