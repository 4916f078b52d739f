import type { Node, Service, ServiceSpec } from '@gantry/core/model';
import type { NodeFitness, Slot } from '../slots.ts';

/** How a node counts for the tasks on it. */
export type FitnessOf = (node: string) => NodeFitness;

/** The slots that a service should have now, and why the others are removed. */
export interface WantedSlots {
  /** In the order in which they are served. */
  readonly wanted: ReadonlySet<string>;
  /** Reasons why slots were chosen for removal, by slot, for slots that a smaller count removes. */
  readonly removed: ReadonlyMap<string, string>;
  /** The intended number of slots in the end; `wanted` may be only the first part of them. */
  readonly total: number;
  /** Slots that may get a new task now. Absent: all of them. */
  readonly open?: ReadonlySet<string> | undefined;
}

export interface ModeInput {
  readonly service: Pick<Service, 'spec'>;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly fitness: FitnessOf;
  readonly nodes: Iterable<Node>;
}

/** Everything in which the modes of services differ. Pure. */
export interface ServiceMode {
  readonly name: ServiceSpec['mode'];
  /** Whether a user may set `replicas`, and quotas limit it. */
  readonly scales: boolean;
  /** Whether a node that joins, leaves or changes may change the slots. */
  readonly followsNodes: boolean;
  wantedSlots(input: ModeInput): WantedSlots;
  /** How nodes count for existing tasks. */
  fitness(fitness: FitnessOf): FitnessOf;
  /** The only node on which the task of a slot may run. Absent: any. */
  readonly nodeOf?: ((slot: string) => string) | undefined;
  /** The number of tasks that the service requests, as far as it is known. */
  asksFor(service: Pick<Service, 'spec' | 'status'>): number;
}
