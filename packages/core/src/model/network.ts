import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.ts';
import { metaInputSchema, type ObjectMeta } from './meta.ts';

export interface NetworkSpec {
  /** CIDR (default: chosen by the driver). */
  readonly subnet?: string | undefined;
  /** No way out of the network. */
  readonly internal: boolean;
}

/** Tasks on one network reach each other by service name. */
export interface Network {
  readonly kind: 'network';
  readonly meta: ObjectMeta;
  readonly spec: NetworkSpec;
}

/**
 * The name of a network, by the rules of Docker: a letter or digit, then letters, digits, `_`, `.` and `-`; at most 128
 * characters.
 */
export const networkName = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/,
    'expected a network name: letters, digits, "_", "." and "-", beginning with a letter or digit, at most 128',
  );

export const networkInputSchema = z.strictObject({
  kind: z.literal('network'),
  meta: metaInputSchema.extend({ name: networkName }),
  spec: z
    .strictObject({
      subnet: z.union([z.cidrv4(), z.cidrv6()], 'expected a subnet such as 10.1.0.0/24').optional(),
      internal: z.boolean().default(false),
    })
    .prefault({}),
});

export type NetworkInput = DeepReadonly<z.input<typeof networkInputSchema>>;
