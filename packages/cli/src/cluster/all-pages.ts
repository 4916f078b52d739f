import type { ClusterApi, Kind, KindMap, ListOptions } from '@gantry/core';

const PAGE = 5000;

/** All objects that are selected, page by page, and the revision of the first page, from which to watch on. */
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
  return { items, revision: first.revision };
}
