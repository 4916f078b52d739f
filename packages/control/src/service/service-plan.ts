import type { Node, Service, ServiceStatus, Task } from '@gantry/core/model';
import type { Waiting } from './dependencies.ts';
import type { FitnessOf } from './modes/service-mode.ts';
import type { Target } from './update.ts';

/** The input of a plan. */
export interface PlanInput {
  readonly service: Service;
  /** Hash of the service's template. */
  readonly template: string;
  readonly tasks: Iterable<Task>;
  readonly fitness: FitnessOf;
  /** All nodes of the cluster. */
  readonly nodes: Iterable<Node>;
  /** What the first tasks of the service have to wait for. */
  readonly waitsFor?: Waiting | undefined;
  /** The node on which a task that fits nowhere would fit if these tasks of its slot were gone. Default: none. */
  readonly fitsWithout?: (task: Task, old: readonly Task[]) => string | undefined;
  /** ms since the epoch. */
  readonly now: number;
  /** Since when a leader has received the reports of agents, ms since the epoch. Default: always. */
  readonly seenSince?: number | undefined;
}

export interface TaskDraft {
  readonly slot: string;
  readonly attempt: number;
  readonly restarts: number;
  /** `prepared`: it is not started before the task that it replaces has ended. */
  readonly desired: 'prepared' | 'running';
  /** Why there is a new task, for tasks that replace one that ended or moves. */
  readonly after?: { readonly task: Task; readonly why: 'restart' | 'move' } | undefined;
}

/** A task that is asked to stop. */
export interface Shutdown {
  readonly task: Task;
  readonly why: string;
  /** Whether it is worth an event: not merely the next step of an update. */
  readonly notable?: true;
}

/** Everything that is to be done for a service now; repeating it does no harm. */
export interface ServicePlan {
  readonly create: readonly TaskDraft[];
  readonly shutdown: readonly Shutdown[];
  /** Pending tasks that fit only in the place of the task that they replace: they are prepared there, beside it. */
  readonly place: readonly { readonly task: Task; readonly node: string; readonly why: string }[];
  /** Prepared tasks whose turn has come. */
  readonly promote: readonly Task[];
  /** Ended tasks whose successor is delayed: when it is made, and whether the slot is in a crash loop. */
  readonly delay: readonly { readonly task: Task; readonly retryAt: number; readonly crashLoop: boolean }[];
  /** Tasks whose node is gone: no agent will report on them. */
  readonly orphan: readonly Task[];
  readonly remove: readonly Task[];
  readonly target: Target;
  readonly status: ServiceStatus;
  /** The template to go back to. */
  readonly rollbackTo: string | undefined;
  /** Whether all its tasks are gone, so that the service may be removed. */
  readonly gone: boolean;
  /** Plan again after this time, ms. */
  readonly againAfterMs: number | undefined;
}
