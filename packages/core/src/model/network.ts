import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.ts';
import { metaInputSchema, type ObjectMeta } from './meta.ts';

/** Desired state of a network. */
export interface NetworkSpec {
  /** CIDR (default: chosen by the driver). */
  readonly subnet?: string | undefined;
  /** Whether the network has no way out. */
  readonly internal: boolean;
}

/** Tasks on one network reach each other by service name. */
export interface Network {
  /** Always `network`. */
  readonly kind: 'network';
  /** Name, namespace and other data that every object has. */
  readonly meta: ObjectMeta;
  /** Desired state. */
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
  /** Always `network`. */
  kind: z.literal('network'),
  /** Name, namespace, labels and annotations. */
  meta: metaInputSchema.extend({
    /** Name of the network: letters, digits, `_`, `.` and `-`, at most 128 characters. */
    name: networkName,
  }),
  /** Desired state of the network. */
  spec: z
    .strictObject({
      /** CIDR (default: chosen by the driver). */
      subnet: z.union([z.cidrv4(), z.cidrv6()], 'expected a subnet such as 10.1.0.0/24').optional(),
      /** Whether the network has no way out (default: false). */
      internal: z.boolean().default(false),
    })
    .prefault({}),
});

/** A network as a user may write it. */
export type NetworkInput = DeepReadonly<z.input<typeof networkInputSchema>>;
