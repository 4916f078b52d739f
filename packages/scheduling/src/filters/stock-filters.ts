import type { Filter } from '../filter.ts';
import { constraints } from './constraints.ts';
import { features } from './features.ts';
import { hostPorts } from './host-ports.ts';
import { maxReplicasPerNode } from './max-replicas-per-node.ts';
import { resources } from './resources.ts';
import { schedulable } from './schedulable.ts';
import { taints } from './taints.ts';

/** Rules for every scheduler, in the order in which a node is checked. */
export const stockFilters: readonly Filter[] = Object.freeze([
  schedulable,
  features,
  taints,
  constraints,
  hostPorts,
  maxReplicasPerNode,
  resources,
]);

/** Returns the stock filters, then the additional ones; a filter with the name of a stock filter replaces it. */
export function withStockFilters(own: readonly Filter[]): readonly Filter[] {
  const replaced = stockFilters.map((stock) => own.find(({ name }) => name === stock.name) ?? stock);
  return [...replaced, ...own.filter((filter) => !replaced.includes(filter))];
}
