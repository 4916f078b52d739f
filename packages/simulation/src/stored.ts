import { idOf, type Node, type ObjectMeta, type Service } from '@gantry/core/model';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** All services, by id. */
export async function servicesOf({ store }: SimulatedCluster): Promise<ReadonlyMap<string, Service>> {
  return byId<Service>((await store.list('services/')).entries);
}

/** All nodes, by name. */
export async function nodesOf({ store }: SimulatedCluster): Promise<ReadonlyMap<string, Node>> {
  return byId<Node>((await store.list('nodes/')).entries);
}

function byId<T extends { readonly meta: ObjectMeta }>(
  entries: readonly { readonly value: unknown }[],
): ReadonlyMap<string, T> {
  return new Map((entries as readonly { value: T }[]).map(({ value }) => [idOf(value.meta), value]));
}
