import type { Explanation } from '../model/explanation.ts';
import type { Service } from '../model/service.ts';
import type { Task } from '../model/task.ts';

/** Answers questions about placement; the scheduler loop provides it. */
export interface PlacementAdvisor {
  /** What the scheduler said when it last decided about tasks of this template. */
  last(service: string, template: string): Explanation | undefined;
  /** What it would say about this task now. */
  ask(service: Service, task: Task): Explanation | undefined;
}
