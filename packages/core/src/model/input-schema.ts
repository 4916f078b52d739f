import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.ts';
import { metaInputSchema } from './meta.ts';

/** What users write for an object of a kind, for `InputMap`; the schema is that of {@link inputSchema}. */
export interface ObjectInput<K extends string, Spec> {
  /** Name of the kind. */
  readonly kind: K;
  /** Name, and optionally namespace, labels and annotations. */
  readonly meta: DeepReadonly<z.input<typeof metaInputSchema>>;
  /** Desired state. */
  readonly spec: Spec;
  /** Ignored. */
  readonly status?: unknown;
}

/**
 * The schema of what users write for a kind: `kind`, `meta` as every object has it, `spec`, and a `status` that is
 * ignored, so that an object that was read can be applied again.
 */
export function inputSchema<K extends string, S extends z.ZodType>(kind: K, spec: S) {
  return z.strictObject({
    /** Name of the kind. */
    kind: z.literal(kind),
    /** Name, and optionally namespace, labels and annotations. */
    meta: metaInputSchema,
    /** Desired state. */
    spec,
    /** Ignored, so that an object that was read can be applied again. */
    status: z.unknown().optional(),
  });
}
