import { isIP } from 'node:net';
import { z } from 'zod';
import { SECRET } from './secret.ts';

const limitsSchema = z.strictObject({
  /** Maximum size of a request body. */
  bodyBytes: z
    .int()
    .min(1024)
    .max(64 * 1024 * 1024)
    .default(1024 * 1024),
  /** Maximum size of the body of a bulk request. */
  bulkBodyBytes: z
    .int()
    .min(1024)
    .max(256 * 1024 * 1024)
    .default(16 * 1024 * 1024),
  /** Maximum number of open watches, logs, execs and dials. */
  streams: z.int().min(1).default(10_000),
  streamsPerToken: z.int().min(1).default(2000),
  /** Bytes that each exec or dial may buffer in the server for a task that does not read them. */
  streamWindowBytes: z
    .int()
    .min(16 * 1024)
    .max(16 * 1024 * 1024)
    .default(256 * 1024),
  /** How long the input of a half-closed connection may pause before the connection is closed. */
  halfClosedIdleMs: z.int().min(100).default(60_000),
  requestsPerSecond: z.number().min(1).default(500),
  /** Number of requests that may arrive at once after a pause. */
  burst: z.int().min(1).default(1000),
  /** Bytes of changes kept for each watched kind, for watches that resume or are slow. */
  watchHistoryBytes: z
    .int()
    .min(64 * 1024)
    .default(16 * 1024 * 1024),
  /** Maximum number of open connections (default: half of the files that the process may open, at most 10,000). */
  connections: z.int().min(8).optional(),
  /** Maximum number of connections from one client address (default: half of `connections`). */
  connectionsPerAddress: z.int().min(4).optional(),
  /** Maximum number of response bytes that wait for clients to read them, in total. */
  unreadBytes: z
    .int()
    .min(1024 * 1024)
    .default(256 * 1024 * 1024),
  /** How long a connection may stay open between two requests. */
  idleTimeoutMs: z.int().min(100).default(60_000),
  /** How long a TLS handshake may take. */
  handshakeTimeoutMs: z.int().min(100).default(10_000),
  /** How long the head of a request may take to arrive. */
  headersTimeoutMs: z.int().min(100).default(10_000),
  /** How long a whole request may take to arrive. */
  requestTimeoutMs: z.int().min(100).default(30_000),
  /** How long the handler of a plugin's route may take. */
  handlerTimeoutMs: z.int().min(10).default(30_000),
});

/** Options of the server; the README explains each. */
export const apiServerOptions = z
  .strictObject({
    listen: z
      .union([
        z.strictObject({
          host: z.string().min(1).default('127.0.0.1'),
          port: z.int().min(0).max(65_535).default(0),
        }),
        z.strictObject({ socket: z.string().min(1).max(107) }),
      ])
      .prefault({}),
    tls: z
      .union([z.literal('self-signed'), z.strictObject({ cert: z.string().min(1), key: z.string().min(1) })])
      .optional(),
    /** Directory for the self-signed certificate (default: none, a new certificate on each start). */
    certificateDirectory: z.string().min(1).optional(),
    adminToken: z
      .string()
      .regex(SECRET, 'expected "gantry_" and at least 32 characters of [A-Za-z0-9_-]')
      .optional(),
    bookmarkMs: z.int().min(10).max(10_000).default(10_000),
    limits: limitsSchema.prefault({}),
  })
  .superRefine(({ listen, tls }, context) => {
    if ('socket' in listen) {
      if (tls === undefined) return;
      context.addIssue({ code: 'custom', path: ['tls'], message: 'a Unix socket speaks no TLS' });
    } else if (tls === undefined && !isLoopback(listen.host)) {
      context.addIssue({
        code: 'custom',
        path: ['listen', 'host'],
        message: `without tls it listens on loopback only, not on "${listen.host}"`,
      });
    }
  });

export type ApiServerOptions = z.input<typeof apiServerOptions>;
export type Settings = z.output<typeof apiServerOptions>;
export type Limits = z.output<typeof limitsSchema>;

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
