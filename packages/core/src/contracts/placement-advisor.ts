import type { Explanation } from '../model/explanation.ts';
import type { Service } from '../model/service.ts';
import type { Task } from '../model/task.ts';
import type { GroupPlan } from './scheduler.ts';

/** New tasks of a service: so many, or, for a global one, one on each of these nodes. */
export interface RehearsedService {
  readonly service: Service;
  readonly slots: readonly string[];
}

/** A node to which new tasks of a template are not sent for a while, since earlier ones failed there. */
export interface AvoidedNode {
  readonly node: string;
  /** Failures there in a row. */
  readonly failures: number;
  /** Why the last of them failed. */
  readonly message: string;
  /** Until when, ms since the epoch. */
  readonly until: number;
}

/** Answers questions about placement; the scheduler loop provides it. */
export interface PlacementAdvisor {
  /** What the scheduler said when it last decided about this task, or, if that is not known, about its template. */
  last(service: string, template: string, task?: string): Explanation | undefined;
  /** What it would say about this task now. */
  ask(service: Service, task: Task): Explanation | undefined;
  /** The node on which a task that fits nowhere would fit if these tasks were gone; undefined: none. */
  fitsWithout(service: Service, task: Task, others: readonly Task[]): string | undefined;
  /** Nodes that new tasks of this template avoid now, unless they fit nowhere else. */
  avoided(service: string, template: string): readonly AvoidedNode[];
  /** Where so many new tasks of each service would go now, decided together; nothing is changed. */
  rehearse(wanted: readonly RehearsedService[]): readonly GroupPlan[];
}
