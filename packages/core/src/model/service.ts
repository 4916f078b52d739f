import { z } from 'zod';
import { parseConstraint, parseNodeField } from './constraint.ts';
import type { DeepReadonly, Documented } from './deep-readonly.ts';
import { type Condition, dnsLabel, metaInputSchema, type ObjectMeta } from './meta.ts';
import type { Taint } from './node.ts';
import { taintKey } from './node.ts';
import { durationMs, type Protocol, type TemplateSpec, templateSchema } from './template.ts';

/** Where tasks may run. */
export interface Placement {
  /** All must hold: `node.labels.zone == a` (see `parseConstraint`). */
  readonly constraints: readonly string[];
  /** Spread evenly over the values of fields, in order of precedence: `{ spread: 'node.labels.zone' }`. */
  readonly preferences: readonly {
    /** Field of the node, such as `node.labels.zone`. */
    readonly spread: string;
  }[];
  /** Maximum number of its tasks on one node; 0: unlimited. */
  readonly maxReplicasPerNode: number;
  /** Taints of nodes that do not keep its tasks away. */
  readonly tolerations: readonly Toleration[];
}

/** Accepts taints: of this key or, without one, of every key; with this value or, without one, with any. */
export interface Toleration {
  /** Key of the taints that are tolerated (default: any). */
  readonly key?: string | undefined;
  /** Value of the taints that are tolerated, at most 63 characters (default: any). */
  readonly value?: string | undefined;
  /** Effect of the taints that are tolerated (default: any). */
  readonly effect?: Taint['effect'] | undefined;
}

/** Another service that must have reached a condition before the first tasks of this one are created. */
export interface Dependency {
  /** Name of the service, in the same namespace. */
  readonly service: string;
  /** `started`: a task runs; `healthy`: all wanted tasks are ready; `completed`: each slot has succeeded. */
  readonly condition: 'started' | 'healthy' | 'completed';
}

/** What happens when a task exits on its own. */
export interface RestartPolicy {
  /** Which exits lead to a restart: none, those with a code other than 0, or any (default: `any`). */
  readonly condition: 'none' | 'on-failure' | 'any';
  /** Delay before the second consecutive restart, ms; the first restart is immediate, further delays double. */
  readonly delayMs: number;
  /** Maximum delay, ms. */
  readonly maxDelayMs: number;
  /** Consecutive restarts before the slot is given up; 0: unlimited. */
  readonly maxAttempts: number;
  /** After a task has run this long, the count of consecutive restarts starts over, ms. */
  readonly windowMs: number;
}

/** How a service is moved from one template to the next. */
export interface UpdatePolicy {
  /** Number of slots updated at a time; 0: all. */
  readonly parallelism: number;
  /** Pause after each slot, ms. */
  readonly delayMs: number;
  /** `start-first`: the old task is stopped when the new one is ready; `stop-first`: the other way round. */
  readonly order: 'start-first' | 'stop-first';
  /** How long a new task must stay ready before it counts as updated; if it ends in this time, it has failed, ms. */
  readonly monitorMs: number;
  /**
   * How long an update, or a first deployment, may go without progress before it has failed, ms: no further task becomes
   * ready, because it fits nowhere, its image cannot be pulled or its checks do not succeed. Compare
   * `progressDeadlineSeconds` of a Deployment in Kubernetes.
   */
  readonly progressDeadlineMs: number;
  /** Maximum tolerated share of failed new tasks, 0 to 1. */
  readonly maxFailureRatio: number;
  /** Action when the share is exceeded. */
  readonly failureAction: 'pause' | 'continue' | 'rollback';
}

/** Desired state of a service. */
export interface ServiceSpec {
  /** `replicated`: as many tasks as `replicas`; `global`: one task on each suitable node (default: `replicated`). */
  readonly mode: 'replicated' | 'global';
  /** Number of tasks of a `replicated` service, 0 to 10,000,000; omitted for a `global` one. */
  readonly replicas: number;
  /** Template of each task. A change replaces all tasks, by `update`. */
  readonly template: TemplateSpec;
  /** Services that must have reached a condition before the first tasks of this one are created; at most 64. */
  readonly dependsOn: readonly Dependency[];
  /** Where tasks may run. */
  readonly placement: Placement;
  /** What happens when a task exits on its own. */
  readonly restart: RestartPolicy;
  /** How a change of the template is carried out. */
  readonly update: UpdatePolicy;
  /** How a rollback is done; its `failureAction` is never `rollback`. */
  readonly rollback: UpdatePolicy;
  /** Name of a scheduler (default: the first installed one). */
  readonly scheduler?: string | undefined;
  /** While true, no further task is updated to a new template. */
  readonly paused: boolean;
  /** How a load balancer chooses among the tasks. */
  readonly balance: 'round-robin' | 'least-connections' | 'random-two';
  /**
   * Name of the load balancer that serves the published ports (default: on each machine, the first one that supports their
   * protocol and `balance`).
   */
  readonly loadBalancer?: string | undefined;
  /** Any change replaces all tasks, as `restart` does. */
  readonly restartedAt?: number | undefined;
}

/** State of an update, as in SwarmKit. */
export type UpdateState =
  | 'updating'
  | 'paused'
  | 'completed'
  | 'rollback-started'
  | 'rollback-paused'
  | 'rollback-completed';

/** How an update of a service proceeds. */
export interface UpdateStatus {
  /** State of the update. */
  readonly state: UpdateState;
  /** Hash of the template that it replaces. */
  readonly from: string;
  /** Hash of the new template. */
  readonly to: string;
  /** When it began, ms since the epoch. */
  readonly startedAt: number;
  /** When it ended, ms since the epoch; absent while it is in progress. */
  readonly completedAt?: number | undefined;
  /** The `spec.restartedAt` that it carries out; absent if the template changed. */
  readonly restartedAt?: number | undefined;
  /** What it waits for, or why it ended, for people. */
  readonly message: string;
}

/**
 * How far a service has come on the way to what its spec wants.
 *
 * - `progressing`: not there yet; `message` says what it waits for.
 * - `stable`: its tasks have stayed ready for `monitorMs`, and every published port is served.
 * - `complete`: every task has run to completion and exited with 0.
 * - `failed`: it cannot get there without a change: a crash loop, a failed dependency, a paused or rolled-back update, no
 *   progress for `progressDeadlineMs`. It is still retried, and becomes `progressing` again if that helps.
 */
export type ProgressState = 'progressing' | 'stable' | 'complete' | 'failed';

/** How far a service has come, in one word, with the reason. */
export interface ServiceProgress {
  /** The assessment. */
  readonly state: ProgressState;
  /** CamelCase, for programs: `CrashLoop`, `ProgressDeadlineExceeded`, or the reason of a task. */
  readonly reason: string;
  /** The reason as a sentence, for people. */
  readonly message: string;
  /** When the state was last changed, ms since the epoch. */
  readonly since: number;
  /** The task that shows the cause, if there is one: its log has details. */
  readonly task?: string | undefined;
  /** Highest number of ready tasks so far: the deadline counts from when it was reached. */
  readonly best: number;
  /** When `best` was reached, ms since the epoch. */
  readonly bestAt: number;
}

/** A service as it is. */
export interface ServiceStatus {
  /** The `meta.generation` that this status is about. */
  readonly observedGeneration: number;
  /** Hash of the current template. */
  readonly template: string;
  /** Number of tasks that should run. */
  readonly desired: number;
  /** Number of tasks that run. */
  readonly running: number;
  /** Number of tasks that are ready for traffic. */
  readonly ready: number;
  /** Number of tasks that run the current template and are ready. */
  readonly updated: number;
  /** Tasks whose slot has run to completion: they exited with 0 and are not restarted. */
  readonly completed?: number | undefined;
  /** The current or most recent update; absent before the first one. */
  readonly update?: UpdateStatus | undefined;
  /** Progress of the service; absent until the controller has seen the service. */
  readonly progress?: ServiceProgress | undefined;
  /** Earlier templates, newest first; `rollback` goes back to the first. */
  readonly history: readonly {
    /** Hash of the template. */
    readonly template: string;
    /** Generation of the service that it belonged to. */
    readonly generation: number;
    /** When it was replaced, ms since the epoch. */
    readonly at: number;
  }[];
  /** Ports as load balancers serve them, each once, sorted. */
  readonly published: readonly {
    /** Port of the template. */
    readonly target: number;
    /** Transport protocol. */
    readonly protocol: Protocol;
    /** Port that the load balancer listens on. */
    readonly port: number;
  }[];
  /** Statements about the service, such as `Available`. */
  readonly conditions: readonly Condition[];
}

/** Runs tasks of one template, and replaces those that end or that are out of date. */
export interface Service {
  /** Always `service`. */
  readonly kind: 'service';
  /** Name, namespace and other data that every object has. */
  readonly meta: ObjectMeta;
  /** Desired state of the service. */
  readonly spec: ServiceSpec;
  /** Actual state of the service. */
  readonly status: ServiceStatus;
}

const MAX_REPLICAS = 10_000_000;

const constraint = z.string().superRefine((text, context) => {
  const parsed = parseConstraint(text);
  if (!('message' in parsed)) return;
  context.addIssue({
    code: 'custom',
    message: `${parsed.message} at position ${parsed.position} of "${text}"`,
  });
});

const spreadField = z.string().superRefine((text, context) => {
  const parsed = parseNodeField(text);
  if ('message' in parsed) context.addIssue({ code: 'custom', message: parsed.message });
});

function updatePolicy<Action extends string>(actions: readonly [Action, ...Action[]]) {
  return z.strictObject({
    parallelism: z.int().min(0).max(MAX_REPLICAS).default(1),
    delayMs: durationMs.default(0),
    order: z.enum(['start-first', 'stop-first']).default('start-first'),
    monitorMs: durationMs.default(5000),
    progressDeadlineMs: durationMs.min(1).default(600_000),
    maxFailureRatio: z.number().min(0).max(1).default(0),
    failureAction: z.enum(actions).default(actions[0] as never),
  });
}

/** Fills a nested policy's own defaults when the whole of it is left out. */
function optionalPolicy<S extends z.ZodType>(schema: S) {
  return schema.prefault({} as never);
}

export const serviceSpecSchema = z
  .strictObject({
    mode: z.enum(['replicated', 'global']).default('replicated'),
    replicas: z.int().min(0).max(MAX_REPLICAS).default(1),
    template: templateSchema,
    dependsOn: z
      .array(
        z.strictObject({
          service: dnsLabel,
          condition: z.enum(['started', 'healthy', 'completed']).default('started'),
        }),
      )
      .max(64)
      .default([]),
    placement: optionalPolicy(
      z.strictObject({
        constraints: z.array(constraint).max(64).default([]),
        preferences: z
          .array(z.strictObject({ spread: spreadField }))
          .max(8)
          .default([]),
        maxReplicasPerNode: z.int().min(0).max(MAX_REPLICAS).default(0),
        tolerations: z
          .array(
            z.strictObject({
              key: taintKey.optional(),
              value: z.string().max(63).optional(),
              effect: z.enum(['NoSchedule', 'NoExecute']).optional(),
            }),
          )
          .max(64)
          .default([]),
      }),
    ),
    restart: optionalPolicy(
      z.strictObject({
        condition: z.enum(['none', 'on-failure', 'any']).default('any'),
        delayMs: durationMs.default(1000),
        maxDelayMs: durationMs.default(60_000),
        maxAttempts: z.int().min(0).max(1_000_000).default(0),
        windowMs: durationMs.default(10_000),
      }),
    ),
    update: optionalPolicy(updatePolicy(['pause', 'continue', 'rollback'])),
    rollback: optionalPolicy(updatePolicy(['pause', 'continue'])),
    scheduler: z.string().min(1).optional(),
    paused: z.boolean().default(false),
    balance: z.enum(['round-robin', 'least-connections', 'random-two']).default('round-robin'),
    loadBalancer: z.string().min(1).max(63).optional(),
    restartedAt: z.number().optional(),
  })
  .superRefine((spec, context) => {
    if (spec.mode === 'global' && spec.replicas !== 1) {
      context.addIssue({
        code: 'custom',
        path: ['replicas'],
        message: 'a global service runs one task on each node',
      });
    }
  });

/** What `apply` takes for a service; `status` is ignored, so that an object that was read can be applied again. */
export const serviceInputSchema = z.strictObject({
  kind: z.literal('service'),
  meta: metaInputSchema,
  spec: serviceSpecSchema,
  status: z.unknown().optional(),
});

/** A service as a user may write it. */
export type ServiceInput = DeepReadonly<Omit<z.input<typeof serviceInputSchema>, 'status'>> & {
  /** Desired state of the service. */
  readonly spec: Documented<ServiceSpec>;
  /** Ignored. */
  readonly status?: unknown;
};
