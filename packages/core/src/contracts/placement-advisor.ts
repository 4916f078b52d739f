import type { Explanation } from '../model/explanation.ts';
import type { Service } from '../model/service.ts';
import type { Task } from '../model/task.ts';
import type { GroupPlan } from './scheduler.ts';

/** New tasks of a service: so many, or, for a global one, one on each of these nodes. */
export interface RehearsedService {
  readonly service: Service;
  readonly slots: readonly string[];
}

/** Answers questions about placement; the scheduler loop provides it. */
export interface PlacementAdvisor {
  /** What the scheduler said when it last decided about this task, or, if that is not known, about its template. */
  last(service: string, template: string, task?: string): Explanation | undefined;
  /** What it would say about this task now. */
  ask(service: Service, task: Task): Explanation | undefined;
  /** Where so many new tasks of each service would go now, decided together; nothing is changed. */
  rehearse(wanted: readonly RehearsedService[]): readonly GroupPlan[];
}
