import { GantryError, type Store } from '@gantry/core';
import { selects, type WatchEvent, type WatchOptions } from '@gantry/core/api';
import type { Entry, View } from '@gantry/core/contracts';
import { type Kind, type KindMap, type KindTable, keyPrefix } from '@gantry/core/model';
import { present } from './present.ts';

/** Follows one kind through the store, so that nothing is missed and a slow reader is asked to list again. */
export async function* watchKind<K extends Kind>(
  store: Store,
  view: View<K>,
  kinds: KindTable,
  options: WatchOptions & { signal: AbortSignal },
): AsyncIterable<readonly WatchEvent<KindMap[K]>[]> {
  const matches = selects(options);
  const prefix = keyPrefix(view.kind);
  /** The objects known to the reader. */
  const known = new Map<string, Entry<KindMap[K]>>();
  let since = options.since;
  if (since === undefined) {
    const listing = await store.list(prefix, { signal: options.signal });
    since = listing.revision;
    const added: WatchEvent<KindMap[K]>[] = [];
    for (const entry of listing.entries as readonly Entry<KindMap[K]>[]) {
      if (!matches(entry.value)) continue;
      known.set(entry.key, entry);
      added.push({ type: 'added', object: present(entry, kinds) });
    }
    if (added.length > 0) yield added;
  } else {
    for (const entry of view.all()) {
      if (entry.revision <= since && matches(entry.value)) known.set(entry.key, entry);
    }
  }
  /** Up to this revision, the state of an object before a change that happened after `since` is unknown. */
  const blindUntil = view.revision;
  for await (const batch of store.watch(prefix, { since, signal: options.signal })) {
    const events: WatchEvent<KindMap[K]>[] = [];
    for (const event of batch) {
      const before = known.get(event.key);
      if (event.value !== undefined && matches(event.value as KindMap[K])) {
        const entry = event as Entry<KindMap[K]>;
        known.set(event.key, entry);
        events.push({ type: before === undefined ? 'added' : 'modified', object: present(entry, kinds) });
      } else if (before === undefined && event.revision <= blindUntil && options.since !== undefined) {
        if (event.value === undefined) {
          const message = `the state of ${event.key} at revision ${options.since} is no longer known`;
          throw new GantryError('COMPACTED', message);
        }
        // The object may have matched before: a client that does not know it can ignore this event.
        events.push({ type: 'deleted', object: present(event as Entry<KindMap[K]>, kinds) });
      } else if (before !== undefined) {
        known.delete(event.key);
        events.push({ type: 'deleted', object: present({ ...before, revision: event.revision }, kinds) });
      }
    }
    if (events.length > 0) yield events;
  }
}
