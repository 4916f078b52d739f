import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.ts';
import { type Condition, dnsLabel, metaInputSchema, type ObjectMeta } from './meta.ts';
import type { Resources } from './resources.ts';

/** `pause`: no new tasks; `drain`: no tasks at all, those it has are moved. */
export type Availability = 'active' | 'pause' | 'drain';

/** Keeps tasks away that do not tolerate it, as in Kubernetes. */
export interface Taint {
  readonly key: string;
  readonly value: string;
  /** `NoSchedule`: new tasks; `NoExecute`: those that run there as well. */
  readonly effect: 'NoSchedule' | 'NoExecute';
}

export interface NodeSpec {
  readonly availability: Availability;
  readonly taints: readonly Taint[];
}

/** Which process an agent is. */
export interface AgentIdentity {
  readonly host: string;
  readonly pid: number;
  /** Equal for processes of which one can tell whether the other runs: the kernel's boot and the namespace of pids. */
  readonly place: string;
  /** Equal for agents that see the same tasks: the id of their runtime, if it has one. */
  readonly runtime?: string | undefined;
}

export interface NodeStatus {
  /** `down`: its agent has sent no heartbeat for too long. */
  readonly state: 'ready' | 'down';
  /** When it took this state, ms since the epoch. */
  readonly since: number;
  readonly message: string;
  readonly capacity: Resources;
  /** Facts about the machine: `os`, `arch`, `hostname`, `runtime` … */
  readonly attributes: Readonly<Record<string, string>>;
  /** What its runtime and network can honour, sorted: `images`, `limits.cpu`, `mounts.bind` … */
  readonly features?: readonly string[] | undefined;
  /** Each run of an agent has one; reports of an earlier session are refused. */
  readonly session: string;
  /** The process that runs it. */
  readonly agent?: AgentIdentity | undefined;
  readonly conditions: readonly Condition[];
}

/** A machine that runs tasks. Registered by its agent; the user sets its labels and availability. */
export interface Node {
  readonly kind: 'node';
  readonly meta: ObjectMeta;
  readonly spec: NodeSpec;
  readonly status: NodeStatus;
}

/** The key of a taint: as that of a label. */
export const taintKey = z
  .string()
  .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'expected a taint key');

export const nodeInputSchema = z.strictObject({
  kind: z.literal('node'),
  meta: metaInputSchema.extend({ name: dnsLabel }),
  spec: z
    .strictObject({
      availability: z.enum(['active', 'pause', 'drain']).default('active'),
      taints: z
        .array(
          z.strictObject({
            key: taintKey,
            value: z.string().max(63).default(''),
            effect: z.enum(['NoSchedule', 'NoExecute']),
          }),
        )
        .max(64)
        .default([]),
    })
    .prefault({}),
  status: z.unknown().optional(),
});

export type NodeInput = DeepReadonly<z.input<typeof nodeInputSchema>>;
