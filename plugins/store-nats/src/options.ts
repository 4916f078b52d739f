import { checkConnection, connectionFields, type NatsConnectionSettings, toConnection } from '@gantry/nats';
import { z } from 'zod';

const ms = z.int().positive();

const fields = z.strictObject({
  ...connectionFields,
  /** The key-value bucket that holds the data. */
  bucket: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected at most 64 of the characters A-Z a-z 0-9 _ -')
    .default('gantry'),
  /** Number of servers that hold the data: of a bucket that is created, and at least of an existing one. */
  replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]).default(1),
  /** Allows replicas also on servers before 2.9.21, which may lose confirmed writes. For tests and trials. */
  unsafeReplicas: z.boolean().default(false),
  /** Number of newest values kept of each key, in a bucket that is created. */
  history: z.int().min(1).max(64).default(1),
  /** Number of newest events kept in memory, for watches that start in the past or are slow. */
  events: z.int().positive().default(100_000),
  /** Maximum size of those events in bytes, as they are in the bucket. */
  eventBytes: z
    .int()
    .positive()
    .default(128 << 20),
  /** Maximum time for the server to answer. */
  timeoutMs: ms.default(5000),
  /** How long the bucket remembers that a key was deleted; the same for all processes that use the bucket. */
  deletesKeptMs: ms.default(3_600_000),
});

export const optionsSchema = fields.superRefine(checkConnection);

/** The options of the store; all are optional. */
export type NatsStoreOptions = z.input<typeof optionsSchema>;

/** The options as the store uses them. */
export interface Settings {
  readonly connection: NatsConnectionSettings;
  readonly bucket: string;
  readonly replicas: number;
  readonly unsafeReplicas: boolean;
  readonly history: number;
  readonly events: number;
  readonly eventBytes: number;
  readonly timeoutMs: number;
  readonly deletesKeptMs: number;
}

/** Converts valid options. */
export function toSettings(options: z.output<typeof fields>): Settings {
  const { bucket, replicas, unsafeReplicas, history, events, eventBytes, timeoutMs, deletesKeptMs } = options;
  const own = { bucket, replicas, unsafeReplicas, history, events, eventBytes, timeoutMs, deletesKeptMs };
  return { connection: toConnection(options), ...own };
}
