import type { Node, Service, ServiceStatus, Task } from '@gantry/core/model';
import type { Waiting } from './dependencies.ts';
import type { FitnessOf } from './modes/service-mode.ts';
import type { Target } from './update.ts';

/** What a plan is made from. */
export interface PlanInput {
  readonly service: Service;
  /** Hash of the service's template. */
  readonly template: string;
  readonly tasks: Iterable<Task>;
  readonly fitness: FitnessOf;
  /** All nodes of the cluster. */
  readonly nodes: Iterable<Node>;
  /** What its first tasks have to wait for. */
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

/** A task that is told to stop. */
export interface Shutdown {
  readonly task: Task;
  readonly why: string;
  /** Worth an event: not merely the next step of an update. */
  readonly notable?: true;
}

/** Everything that is to be done for a service now; doing it twice does no harm. */
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
  /** Go back to this template. */
  readonly rollbackTo: string | undefined;
  /** All its tasks are gone, and so may the service be. */
  readonly gone: boolean;
  /** Look again after this, ms. */
  readonly againAfterMs: number | undefined;
}
