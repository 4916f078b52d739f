import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.ts';
import { type Condition, dnsLabel, metaInputSchema, type ObjectMeta } from './meta.ts';
import type { Resources } from './resources.ts';

/** `pause`: no new tasks; `drain`: no tasks at all, those it has are moved. */
export type Availability = 'active' | 'pause' | 'drain';

export interface NodeSpec {
  readonly availability: Availability;
}

export interface NodeStatus {
  /** `down`: its agent has not been heard of for too long. */
  readonly state: 'ready' | 'down';
  /** When it took this state, ms since the epoch. */
  readonly since: number;
  readonly message: string;
  readonly capacity: Resources;
  /** Facts about the machine: `os`, `arch`, `hostname`, `runtime` … */
  readonly attributes: Readonly<Record<string, string>>;
  /** Each run of an agent has one; reports of an earlier session are refused. */
  readonly session: string;
  readonly conditions: readonly Condition[];
}

/** A machine that runs tasks. Registered by its agent; the user sets its labels and availability. */
export interface Node {
  readonly kind: 'node';
  readonly meta: ObjectMeta;
  readonly spec: NodeSpec;
  readonly status: NodeStatus;
}

export const nodeInputSchema = z.strictObject({
  kind: z.literal('node'),
  meta: metaInputSchema.extend({ name: dnsLabel }),
  spec: z.strictObject({ availability: z.enum(['active', 'pause', 'drain']).default('active') }).prefault({}),
  status: z.unknown().optional(),
});

export type NodeInput = DeepReadonly<z.input<typeof nodeInputSchema>>;
