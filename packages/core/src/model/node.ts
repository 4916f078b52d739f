import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.ts';
import { type Condition, dnsLabel, metaInputSchema, type ObjectMeta } from './meta.ts';
import type { Resources } from './resources.ts';

/** `pause`: no new tasks; `drain`: no tasks at all, existing ones are moved. */
export type Availability = 'active' | 'pause' | 'drain';

/** Keeps tasks away that do not tolerate it, as in Kubernetes. */
export interface Taint {
  /** Name of the taint: an optional DNS prefix and a name. */
  readonly key: string;
  /** Value of the taint, at most 63 characters (default: empty). */
  readonly value: string;
  /** `NoSchedule`: keeps new tasks away; `NoExecute`: also moves running ones. */
  readonly effect: 'NoSchedule' | 'NoExecute';
}

/** Desired state of a node. */
export interface NodeSpec {
  /**
   * Whether the node accepts tasks. `pause`: no new ones; `drain`: existing ones are moved away (default: `active`).
   */
  readonly availability: Availability;
  /** Keep tasks away that do not tolerate them; at most 64. */
  readonly taints: readonly Taint[];
}

/** Which process an agent is. */
export interface AgentIdentity {
  /** Host name of the machine. */
  readonly host: string;
  /** Process id of the agent. */
  readonly pid: number;
  /** Equal for processes that can check whether the other one is running: kernel boot and pid namespace. */
  readonly place: string;
  /** Equal for agents that see the same tasks: the id of their runtime, if it has one. */
  readonly runtime?: string | undefined;
}

/** A node as its agent reports it. */
export interface NodeStatus {
  /** `down`: its agent has sent no heartbeat for too long. */
  readonly state: 'ready' | 'down';
  /** When it entered this state, ms since the epoch. */
  readonly since: number;
  /** Why it is in this state, for people. */
  readonly message: string;
  /** Total amount that its tasks may use: `cpu` in millicores, `memory` in bytes, counts of further resources. */
  readonly capacity: Resources;
  /** Facts about the machine: `os`, `arch`, `hostname`, `runtime` … */
  readonly attributes: Readonly<Record<string, string>>;
  /** Features of its runtime and network, sorted: `images`, `limits.cpu`, `mounts.bind` … */
  readonly features?: readonly string[] | undefined;
  /** Each run of an agent has one; reports of an earlier session are rejected. */
  readonly session: string;
  /** Process that runs the agent. */
  readonly agent?: AgentIdentity | undefined;
  /** Statements about the node. */
  readonly conditions: readonly Condition[];
}

/** A machine that runs tasks. Registered by its agent; the user sets its labels and availability. */
export interface Node {
  /** Always `node`. */
  readonly kind: 'node';
  /** Name and other data that every object has. */
  readonly meta: ObjectMeta;
  /** Desired state of the node. */
  readonly spec: NodeSpec;
  /** The node as its agent reports it. */
  readonly status: NodeStatus;
}

/** The key of a taint: as that of a label. */
export const taintKey = z
  .string()
  .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'expected a taint key');

export const nodeInputSchema = z.strictObject({
  /** Always `node`. */
  kind: z.literal('node'),
  /** Name, labels and annotations. */
  meta: metaInputSchema.extend({
    /** Name of the node, a DNS label. */
    name: dnsLabel,
  }),
  /** Desired state of the node. */
  spec: z
    .strictObject({
      /** Whether the node accepts tasks (default: `active`). */
      availability: z.enum(['active', 'pause', 'drain']).default('active'),
      /** Keep tasks away that do not tolerate them; at most 64 (default: none). */
      taints: z
        .array(
          z.strictObject({
            /** Name of the taint: an optional DNS prefix and a name. */
            key: taintKey,
            /** At most 63 characters (default: empty). */
            value: z.string().max(63).default(''),
            /** `NoSchedule`: new tasks; `NoExecute`: running ones as well. */
            effect: z.enum(['NoSchedule', 'NoExecute']),
          }),
        )
        .max(64)
        .default([]),
    })
    .prefault({}),
  /** Ignored, so that an object that was read can be applied again. */
  status: z.unknown().optional(),
});

/** A node as a user may write it. */
export type NodeInput = DeepReadonly<z.input<typeof nodeInputSchema>>;
