import { z } from 'zod';

export const optionsSchema = z.strictObject({
  /** Maximum time for a backend to accept a connection. */
  connectTimeoutMs: z.number().positive().default(2000),
  /** Maximum time a new connection waits for a backend when none is ready. */
  holdMs: z.number().nonnegative().default(1000),
  /** When a backend is ejected after failed connects in a row; it is then probed at intervals until it accepts. */
  eject: z
    .strictObject({
      failures: z.int().positive().default(3),
      probeMs: z.number().positive().default(1000),
      /** Number of accepted connections in a row without an answer after which a backend is ejected. */
      answers: z.int().positive().default(5),
      /** Duration of the first ejection; doubled for each further one, up to `maxMs`. */
      baseMs: z.number().positive().default(10_000),
      maxMs: z.number().positive().default(300_000),
      /** Maximum share of a frontend's backends ejected for failing to answer; never the last one. */
      maxShare: z.number().min(0).max(1).default(0.5),
    })
    .prefault({}),
  /** A backend that leaves client data unanswered for this long has failed once; the connection stays open. */
  answerTimeoutMs: z.number().positive().default(30_000),
  /** Maximum of clients' connections over all frontends (default: as the limit of open files permits, up to 20,000). */
  connections: z.int().positive().optional(),
  /** Maximum of clients' connections of one frontend (default: half of `connections`). */
  connectionsPerFrontend: z.int().positive().optional(),
  /** A connection without a byte in either direction for this long is closed. */
  idleTimeoutMs: z.number().positive().default(3_600_000),
  /** Maximum time for a client to send the head of an HTTP request, from its connection or its first byte on. */
  headersTimeoutMs: z.number().positive().default(60_000),
  /** Maximum time a kept HTTP connection may stay without a backend. */
  idleHttpMs: z.number().positive().default(60_000),
  /** Maximum size of an unanswered idempotent request that is kept to be sent again if its backend goes away. */
  resendBytes: z.int().nonnegative().default(65_536),
});

/** The options of the proxy; all are optional. */
export type ProxyOptions = z.input<typeof optionsSchema>;

export type Settings = z.output<typeof optionsSchema>;
