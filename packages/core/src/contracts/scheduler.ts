import type { Explanation } from '../model/explanation.ts';
import type { Taint } from '../model/node.ts';
import type { Resources } from '../model/resources.ts';
import type { Placement } from '../model/service.ts';
import type { Random } from './random.ts';

/** Interchangeable tasks: those of one service that run one template, so a decision about one holds for all. */
export interface TaskGroup {
  /** Id of the service. */
  readonly service: string;
  /** Hash of the template. */
  readonly template: string;
  /** Requests of each task: millicores, bytes, and counts of any further resource. */
  readonly requests: Resources;
  /** Constraints, preferences, bounds and tolerations of the service. */
  readonly placement: Placement;
  /** Host ports each task occupies on its node, as `tcp:8080`. */
  readonly hostPorts: readonly string[];
  /** What a node must be able to honour: see `featuresOfTemplate`. Absent: nothing in particular. */
  readonly features?: readonly string[] | undefined;
  /** Labels of the service, for policies of a scheduler of your own. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Annotations of the service, likewise; absent if it has none. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Names of the tasks to place, in order. */
  readonly tasks: readonly string[];
}

/** A node as a scheduler sees it at the start of a round. */
export interface NodeView {
  /** Name of the node. */
  readonly name: string;
  /** Labels of the node. */
  readonly labels: Readonly<Record<string, string>>;
  /** Facts about the machine: `os`, `arch`, `hostname`, `runtime` … */
  readonly attributes: Readonly<Record<string, string>>;
  /** Ready, active and in contact: may be given tasks. Otherwise why not: one of the words of a node's state. */
  readonly schedulable: true | string;
  /** Taints of the node; a task needs a toleration for each. */
  readonly taints: readonly Taint[];
  /** What its runtime and network can honour; absent: unknown, and not to be judged by. */
  readonly features?: ReadonlySet<string> | undefined;
  /** Total amount that its tasks may use. */
  readonly capacity: Resources;
  /** Total requests of its unfinished tasks. */
  readonly used: Resources;
  /** Number of its unfinished tasks. */
  readonly tasks: number;
  /** Number of its unfinished tasks by service id. */
  readonly tasksOf: ReadonlyMap<string, number>;
  /** Host ports in use, as `tcp:8080`. */
  readonly hostPorts: ReadonlySet<string>;
}

/** Everything a decision may depend on. The same round gives the same plan. */
export interface Round {
  /** Groups of tasks to place. */
  readonly groups: readonly TaskGroup[];
  /** Every node of the cluster, also those that are not schedulable. */
  readonly nodes: readonly NodeView[];
  /** For ties; seeded per round. */
  readonly random: Random;
}

/** The answer for one group: `group.tasks[i]` goes to `nodes[i]`; the tasks beyond `nodes.length` fit nowhere. */
export interface GroupPlan {
  /** Names of nodes, one for each placed task. */
  readonly nodes: readonly string[];
  /** Why the tasks are placed there, and, if any task is left, why, and what would make it fit. */
  readonly explanation: Explanation;
}

/** One answer per group, in the order of the round's groups. */
export interface Plan {
  /** The answers; `groups[i]` answers `round.groups[i]`. */
  readonly groups: readonly GroupPlan[];
}

/**
 * Decides where tasks run: pure and synchronous. It must not place a task on a node that is not schedulable or beyond
 * its capacity, counting what it placed earlier in the same round. Work is per group and per placement, never per task
 * times node: 1,000,000 tasks on 10,000 nodes is one call. `pipeline` in `@gantry/scheduling` is the ready way to write
 * one.
 */
export interface Scheduler {
  /** The name used in the `scheduler` field of a service. */
  readonly name: string;
  /** Returns where the tasks of each group go. Must not throw. */
  place(round: Round): Plan;
}
