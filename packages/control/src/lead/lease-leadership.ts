import {
  type Bus,
  type Clock,
  contracts,
  definePlugin,
  GantryError,
  type Leadership,
  type Logger,
  type Random,
  type Store,
  toGantryError,
} from '@gantry/core';
import type { Entry, Term } from '@gantry/core/contracts';
import { STORE_KEYS } from '@gantry/core/model';
import { randomId } from '@gantry/core/primitives';
import { z } from 'zod';
import { HeldTerm } from './held-term.ts';
import { type Lease, leaseSchema, mayTake, type Sighting, sighted, termSchema } from './lease.ts';

export interface LeaseOptions {
  /** How long the other processes wait for a leader that has stopped renewing, ms. */
  readonly leaseMs: number;
  /** Name of this process among the others; a random suffix is added. */
  readonly identity: string;
}

interface Parts {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Polls and renewals in the time of one lease. */
const LOOKS = 4;
const MAX_REST_LEASES = 2;

/**
 * Leadership by a lease in the store, taken and renewed by compare-and-set. A process that takes the lease begins a
 * term by writing another key, whose revision is the fence of everything it writes as leader. A leader that cannot
 * renew ends its term after four fifths of the lease, counted from when it sent its last successful renewal; others
 * wait for the whole lease, counted from when they first saw that renewal. A process that does not reach the bus does
 * not try to lead, and a leader that has lost the bus for the length of a lease steps down: another process may reach
 * it, and if none does, no leader marks nodes as lost in the meantime.
 */
export class LeaseLeadership implements Leadership {
  readonly identity: string;
  leader: string | undefined;
  readonly #parts: Parts;
  readonly #leaseMs: number;
  #sighting: Sighting | undefined;

  constructor(parts: Parts, { leaseMs, identity }: LeaseOptions) {
    this.#parts = { ...parts, logger: parts.logger.child({ part: 'leadership' }) };
    this.#leaseMs = leaseMs;
    this.identity = `${identity}-${randomId(parts.random, 8)}`;
  }

  async campaign(lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    let failures = 0;
    while (!signal.aborted) {
      const term = await this.#win(signal);
      if (term === undefined) return;
      logger.info('leads', { identity: this.identity, term: term.number });
      const renewing = term.renew();
      try {
        await lead(term);
        failures = 0;
      } catch (error) {
        failures++;
        logger.warn('leader components failed', { error: toGantryError(error) });
      }
      const reason = term.endedBy?.message ?? (signal.aborted ? 'it is closed' : 'it has given up');
      logger.info('leads no longer', { identity: this.identity, term: term.number, reason });
      await term.release();
      await renewing;
      const restMs = Math.min(MAX_REST_LEASES, failures) * this.#leaseMs; // leave the lease to the others
      if (restMs > 0) await clock.sleep(restMs, signal).catch(() => undefined);
    }
  }

  /** Resolves with a term once one is won; undefined when the signal has fired. */
  async #win(signal: AbortSignal): Promise<HeldTerm | undefined> {
    const { clock, random, logger } = this.#parts;
    while (!signal.aborted) {
      try {
        const term = await this.#tryOnce(signal);
        if (term !== undefined) return term;
      } catch (error) {
        if (signal.aborted) return undefined;
        logger.debug('failed to read the lease', { error: toGantryError(error) });
      }
      const restMs = (this.#leaseMs / LOOKS) * (0.75 + 0.5 * random.next());
      await clock.sleep(restMs, signal).catch(() => undefined);
    }
    return undefined;
  }

  async #tryOnce(signal: AbortSignal): Promise<HeldTerm | undefined> {
    const { store, bus, clock } = this.#parts;
    const { entries } = await store.list('leader/', { signal });
    const lease = find(entries, STORE_KEYS.lease, leaseSchema);
    const term = find(entries, STORE_KEYS.term, termSchema);
    const now = clock.elapsed();
    this.#sighting = sighted(this.#sighting, lease?.revision ?? 0, now);
    this.leader = lease?.value.holder === '' ? undefined : lease?.value.holder;
    if (!bus.connected || !mayTake(lease?.value, this.#sighting, this.identity, now)) return undefined;

    const value: Lease = { holder: this.identity, leaseMs: this.#leaseMs, renewals: 0 };
    const [taken] = await store.commit(
      [{ key: STORE_KEYS.lease, value, expect: lease?.revision ?? 'absent' }],
      {
        signal,
      },
    );
    if (taken?.ok !== true) return undefined;
    const number = (term?.value.number ?? 0) + 1;
    const begun = { number, holder: this.identity };
    const [began] = await store.commit(
      [{ key: STORE_KEYS.term, value: begun, expect: term?.revision ?? 'absent' }],
      {
        signal,
      },
    );
    if (began?.ok !== true) return undefined; // another write came first: the lease is read again
    this.leader = this.identity;
    return new HeldTerm({
      ...this.#parts,
      number,
      fence: { key: STORE_KEYS.term, revision: began.revision },
      lease: { ...value },
      leaseRevision: taken.revision,
      takenAt: now,
      reaches: () => bus.connected,
    });
  }
}

function find<S extends z.ZodType>(
  entries: readonly Entry[],
  wanted: string,
  schema: S,
): Entry<z.output<S>> | undefined {
  const entry = entries.find(({ key }) => key === wanted);
  if (entry === undefined) return undefined;
  const read = schema.safeParse(entry.value);
  if (!read.success) throw new GantryError('INTERNAL', `stored value of "${wanted}" is malformed`);
  return { ...entry, value: read.data };
}

/**
 * Plugin: lets several processes share a control plane, one of which leads. `leaseMs` (default 3,000) bounds how long
 * there may be no leader after a crash; all processes of a cluster should use the same value.
 */
export const leaseLeadership = definePlugin({
  name: 'leadership-lease',
  provides: contracts.leadership,
  needs: {
    store: contracts.store,
    bus: contracts.bus,
    clock: contracts.clock,
    random: contracts.random,
    logger: contracts.logger,
  },
  options: z.strictObject({
    leaseMs: z.int().min(100).max(600_000).default(3000),
    identity: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/)
      .default('server'),
  }),
  create: (options, needs) => new LeaseLeadership(needs, options),
});
