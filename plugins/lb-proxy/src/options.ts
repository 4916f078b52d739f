import { z } from 'zod';

export const optionsSchema = z.strictObject({
  /** How long a backend may take to accept a connection. */
  connectTimeoutMs: z.number().positive().default(2000),
  /** How long a new connection waits for a backend when none is ready. */
  holdMs: z.number().nonnegative().default(1000),
  /** After so many failed connects in a row a backend is ejected; it is then tried every so often until it accepts. */
  eject: z
    .strictObject({ failures: z.int().positive().default(3), probeMs: z.number().positive().default(1000) })
    .prefault({}),
  /** How long a kept HTTP connection may stay without a backend. */
  idleHttpMs: z.number().positive().default(60_000),
  /** Up to this size an unanswered idempotent request is kept, to be sent again if its backend goes away. */
  resendBytes: z.int().nonnegative().default(65_536),
});

/** The options of the proxy, all of which may be left out. */
export type ProxyOptions = z.input<typeof optionsSchema>;

export type Settings = z.output<typeof optionsSchema>;
