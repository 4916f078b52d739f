import { z } from 'zod';

export const optionsSchema = z.strictObject({
  /** How long a backend may take to accept a connection. */
  connectTimeoutMs: z.number().positive().default(2000),
  /** How long a new connection waits for a backend when none is ready. */
  holdMs: z.number().nonnegative().default(1000),
  /** After so many failed connects in a row a backend is ejected; it is then tried every so often until it accepts. */
  eject: z
    .strictObject({
      failures: z.int().positive().default(3),
      probeMs: z.number().positive().default(1000),
      /** A backend that fails to answer so many accepted connections in a row is ejected. */
      answers: z.int().positive().default(5),
      /** How long it is ejected the first time; twice as long each further time, up to `maxMs`. */
      baseMs: z.number().positive().default(10_000),
      maxMs: z.number().positive().default(300_000),
      /** At most this share of a frontend's backends is ejected for how they answer; never the last one. */
      maxShare: z.number().min(0).max(1).default(0.5),
    })
    .prefault({}),
  /** A backend that has not answered what a client has sent for so long has failed once; the connection stays open. */
  answerTimeoutMs: z.number().positive().default(30_000),
  /** Maximum of clients' connections over all frontends (default: what the limit of open files permits, up to 20,000). */
  connections: z.int().positive().optional(),
  /** Maximum of clients' connections of one frontend (default: half of `connections`). */
  connectionsPerFrontend: z.int().positive().optional(),
  /** A connection on which no byte was sent in either direction for so long is closed. */
  idleTimeoutMs: z.number().positive().default(3_600_000),
  /** How long a client may take to send the head of an HTTP request, from its connection or its first byte on. */
  headersTimeoutMs: z.number().positive().default(60_000),
  /** How long a kept HTTP connection may stay without a backend. */
  idleHttpMs: z.number().positive().default(60_000),
  /** Up to this size an unanswered idempotent request is kept, to be sent again if its backend goes away. */
  resendBytes: z.int().nonnegative().default(65_536),
});

/** The options of the proxy, all of which may be left out. */
export type ProxyOptions = z.input<typeof optionsSchema>;

export type Settings = z.output<typeof optionsSchema>;
