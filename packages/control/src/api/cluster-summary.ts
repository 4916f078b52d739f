import { type ClusterInfo, type Random, type Store, VERSION, type Views } from '@gantry/core';
import type { ClusterSummary } from '@gantry/core/api';
import { allKinds, type KindDefinition, STORE_KEYS } from '@gantry/core/model';
import { randomId } from '@gantry/core/primitives';

/** The cluster's uid: generated at its first start, and as old as its state. */
export async function clusterUid(store: Store, random: Random, signal: AbortSignal): Promise<string> {
  const value = { uid: randomId(random) };
  const [outcome] = await store.commit([{ key: STORE_KEYS.identity, value, expect: 'absent' }], { signal });
  if (outcome === undefined || outcome.ok) return value.uid;
  return (outcome.current?.value as typeof value | undefined)?.uid ?? value.uid;
}

interface Parts {
  readonly cluster: ClusterInfo;
  readonly store: Store;
  readonly views: Views;
  readonly kinds: readonly KindDefinition[];
}

/** Returns the summary of a cluster as a whole. */
export async function summaryOf(
  { cluster, store, views, kinds }: Parts,
  uid: string,
  signal: AbortSignal | undefined,
): Promise<ClusterSummary> {
  const { revision } = await store.list(STORE_KEYS.identity, { signal });
  const capacity: Record<string, number> = {};
  for (const { value } of views.of('node').all()) {
    if (value.status.state !== 'ready') continue;
    for (const [resource, amount] of Object.entries(value.status.capacity)) {
      capacity[resource] = (capacity[resource] ?? 0) + amount;
    }
  }
  const all = allKinds(kinds);
  return {
    name: cluster.name,
    uid,
    version: VERSION,
    durable: store.supports.durable,
    revision,
    kinds: all.map(({ kind, plural, shortNames, namespaced, input, columns }) => ({
      kind,
      plural,
      shortNames,
      namespaced,
      writable: input !== undefined,
      ...(columns === undefined ? {} : { columns }),
    })),
    capacity,
  };
}
