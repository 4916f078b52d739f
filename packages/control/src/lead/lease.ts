import { z } from 'zod';

export const leaseSchema = z.object({
  /** Who leads; empty: nobody, the last leader has left. */
  holder: z.string(),
  /** So long after it was last seen to change others may take it, ms. */
  leaseMs: z.int().positive(),
  /** Makes each renewal a change. */
  renewals: z.int().min(0),
});

export type Lease = z.output<typeof leaseSchema>;

export const termSchema = z.object({ number: z.int().positive(), holder: z.string() });

/** What an observer has seen of the lease: it trusts no clock but its own. */
export interface Sighting {
  /** 0: there was no lease. */
  readonly revision: number;
  /** When this revision was first seen, by the observer's clock, ms. */
  readonly seenAt: number;
}

/** What to note of a look at the lease. */
export function sighted(before: Sighting | undefined, revision: number, now: number): Sighting {
  return before?.revision === revision ? before : { revision, seenAt: now };
}

/**
 * Whether an observer may take the lease now: nobody has it, it is the observer's own from a try whose answer was lost, or
 * it was not renewed for its whole length since the observer first saw it. As Kubernetes does in client-go's
 * leader election, no time that another clock has told is compared with the own one.
 */
export function mayTake(lease: Lease | undefined, { seenAt }: Sighting, self: string, now: number): boolean {
  if (lease === undefined || lease.holder === '' || lease.holder === self) return true;
  return now - seenAt >= lease.leaseMs;
}
