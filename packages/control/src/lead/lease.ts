import { z } from 'zod';

export const leaseSchema = z.object({
  /** Identity of the leader; empty if the last leader has left. */
  holder: z.string(),
  /** How long the lease must be unchanged before others may take it, ms. */
  leaseMs: z.int().positive(),
  /** Makes each renewal a change. */
  renewals: z.int().min(0),
});

export type Lease = z.output<typeof leaseSchema>;

export const termSchema = z.object({ number: z.int().positive(), holder: z.string() });

/** An observer's record of the lease: it relies only on the observer's own clock. */
export interface Sighting {
  /** 0: there was no lease. */
  readonly revision: number;
  /** When this revision was first seen, by the observer's clock, ms. */
  readonly seenAt: number;
}

/** Returns the observer's record after reading the lease. */
export function sighted(before: Sighting | undefined, revision: number, now: number): Sighting {
  return before?.revision === revision ? before : { revision, seenAt: now };
}

/**
 * Whether an observer may take the lease now: it has no holder, it is already the observer's own from an attempt whose
 * answer was lost, or it has not been renewed for its whole length since the observer first saw it. As in the leader
 * election of client-go (Kubernetes), times of different clocks are never compared.
 */
export function mayTake(lease: Lease | undefined, { seenAt }: Sighting, self: string, now: number): boolean {
  if (lease === undefined || lease.holder === '' || lease.holder === self) return true;
  return now - seenAt >= lease.leaseMs;
}
