import { z } from 'zod';
import { metaInputSchema } from './meta.ts';

/**
 * The schema of what users write for a kind: `kind`, `meta` as every object has it, `spec`, and a `status` that is
 * ignored, so that an object that was read can be applied again.
 */
export function inputSchema<K extends string, S extends z.ZodType>(kind: K, spec: S) {
  return z.strictObject({
    kind: z.literal(kind),
    meta: metaInputSchema,
    spec,
    status: z.unknown().optional(),
  });
}
