import type { Explanation } from '../model/explanation.ts';
import type { Service } from '../model/service.ts';
import type { Task } from '../model/task.ts';
import type { GroupPlan } from './scheduler.ts';

/** New tasks of a service: one for each slot; the slots of a global service are nodes. */
export interface RehearsedService {
  /** The service whose tasks would be placed. */
  readonly service: Service;
  /** Slots of the new tasks. */
  readonly slots: readonly string[];
}

/** A node to which new tasks of a template are not sent for a while, since earlier ones failed there. */
export interface AvoidedNode {
  /** Name of the node. */
  readonly node: string;
  /** Number of consecutive failures there. */
  readonly failures: number;
  /** Reason for the most recent failure. */
  readonly message: string;
  /** End of the avoidance, ms since the epoch. */
  readonly until: number;
}

/** Answers questions about placement; the scheduler loop provides it. */
export interface PlacementAdvisor {
  /** The scheduler's explanation of its last decision about this task or, if that is unknown, about its template. */
  last(service: string, template: string, task?: string): Explanation | undefined;
  /** The scheduler's explanation if it decided about this task now. */
  ask(service: Service, task: Task): Explanation | undefined;
  /** The node on which a task that fits nowhere would fit if these tasks were gone; undefined: none. */
  fitsWithout(service: Service, task: Task, others: readonly Task[]): string | undefined;
  /** Nodes that new tasks of this template avoid now, unless they fit nowhere else. */
  avoided(service: string, template: string): readonly AvoidedNode[];
  /** Returns where these new tasks of each service would be placed now, decided together. Changes nothing. */
  rehearse(wanted: readonly RehearsedService[]): readonly GroupPlan[];
}
