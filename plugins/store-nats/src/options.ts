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
  /** On how many servers the data lies: of a bucket that is created, and at least of one that is there. */
  replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]).default(1),
  /** Takes replicas also of servers before 2.9.21, which may lose writes that they have confirmed. For tests and trials. */
  unsafeReplicas: z.boolean().default(false),
  /** How many of its newest values a key keeps, in a bucket that is created. */
  history: z.int().min(1).max(64).default(1),
  /** So many of the newest events are kept in memory, for watches that start in the past or are slow. */
  events: z.int().positive().default(100_000),
  /** So many bytes of them, as they are in the bucket. */
  eventBytes: z
    .int()
    .positive()
    .default(128 << 20),
  /** How long the server may take to answer. */
  timeoutMs: ms.default(5000),
  /** How long it is remembered in the bucket that a key was deleted; the same for all who use the bucket. */
  deletesKeptMs: ms.default(3_600_000),
});

export const optionsSchema = fields.superRefine(checkConnection);

/** The options of the store, all of which may be left out. */
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

/** What valid options come to. */
export function toSettings(options: z.output<typeof fields>): Settings {
  const { bucket, replicas, unsafeReplicas, history, events, eventBytes, timeoutMs, deletesKeptMs } = options;
  const own = { bucket, replicas, unsafeReplicas, history, events, eventBytes, timeoutMs, deletesKeptMs };
  return { connection: toConnection(options), ...own };
}
