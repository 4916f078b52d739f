import type { ClusterApi, ListOptions } from '@gantry/core/api';
import { idOf, type Kind, type KindMap } from '@gantry/core/model';
import { inNaturalOrder } from '../output/natural-order.ts';

const PAGE = 5000;

/**
 * Returns all selected objects, fetched page by page, in natural order of their ids (`node-2` before `node-10`), and
 * the revision of the first page, from which to watch.
 */
export async function allPages<K extends Kind>(
  api: ClusterApi,
  kind: K,
  options: ListOptions = {},
): Promise<{ readonly items: KindMap[K][]; readonly revision: number }> {
  const first = await api.list(kind, { limit: PAGE, ...options });
  const items = [...first.items];
  for (let next = first.continue; next !== undefined && options.limit === undefined; ) {
    const page = await api.list(kind, { ...options, limit: PAGE, continue: next });
    items.push(...page.items);
    next = page.continue;
  }
  return { items: inNaturalOrder(items, ({ meta }) => idOf(meta)), revision: first.revision };
}
