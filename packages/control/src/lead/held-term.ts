import { type Clock, GantryError, isGantryError, type Logger, type Store, toGantryError } from '@gantry/core';
import type { Fence, Term } from '@gantry/core/contracts';
import { STORE_KEYS } from '@gantry/core/model';
import type { Lease } from './lease.ts';

export interface HeldTermOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly number: number;
  readonly fence: Fence;
  readonly lease: Lease;
  readonly leaseRevision: number;
  /** When the lease was requested, by `clock.elapsed()`. */
  readonly takenAt: number;
  /** Whether this process reaches agents. */
  readonly reaches: () => boolean;
}

/** Renewals in the time of one lease. */
const RENEWALS = 4;
/** The leader stops acting at this part of its lease; others wait for all of it. */
const SAFE_PART = 0.8;
/** Attempts in the time between two renewals. */
const TRIES = 5;

/** A term, and the lease that sustains it as long as it is renewed. */
export class HeldTerm implements Term {
  readonly number: number;
  readonly fence: Fence;
  /** Why the term has ended. */
  endedBy: GantryError | undefined;
  readonly #options: HeldTermOptions;
  readonly #over = new AbortController();
  #lease: Lease;
  #revision: number;
  #until: number;
  #released = false;

  constructor(options: HeldTermOptions) {
    this.#options = options;
    this.number = options.number;
    this.fence = options.fence;
    this.#lease = options.lease;
    this.#revision = options.leaseRevision;
    this.#until = options.takenAt + options.lease.leaseMs * SAFE_PART;
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  holds(): boolean {
    return !this.#over.signal.aborted && this.#options.clock.elapsed() < this.#until;
  }

  end(reason: GantryError): void {
    if (this.#over.signal.aborted) return;
    this.endedBy = reason;
    this.#over.abort(reason);
  }

  /** Renews the lease until the term ends; ends the term if a renewal fails. */
  async renew(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#over;
    const { leaseMs } = this.#lease;
    const everyMs = leaseMs / RENEWALS;
    let reachedAt = clock.elapsed();
    while (!signal.aborted) {
      if (this.#options.reaches()) reachedAt = clock.elapsed();
      else if (clock.elapsed() - reachedAt >= leaseMs) {
        this.end(new GantryError('UNAVAILABLE', `the bus was not reached for ${leaseMs} ms`));
        return;
      }
      const restMs = Math.min(everyMs, this.#until - clock.elapsed());
      await clock.sleep(Math.max(0, restMs), signal).catch(() => undefined);
      if (!signal.aborted) await this.#renewOnce(everyMs / TRIES);
    }
  }

  /** Ends the term, and frees the lease for another process if this one still holds it. */
  async release(): Promise<void> {
    const mayBeOurs = !isGantryError(this.endedBy, 'FENCED');
    this.end(new GantryError('CLOSED', `term ${this.number} was given up`));
    if (!mayBeOurs || this.#released) return;
    this.#released = true;
    const value: Lease = { ...this.#lease, holder: '', renewals: this.#lease.renewals + 1 };
    const { store, clock } = this.#options;
    const late = new AbortController();
    const cancel = clock.after(this.#lease.leaseMs, () => late.abort());
    const change = { key: STORE_KEYS.lease, value, expect: this.#revision };
    await store.commit([change], { signal: late.signal }).catch(() => undefined); // else it runs out
    cancel();
  }

  /** One renewal, retried until it is answered or the term has run out. */
  async #renewOnce(restMs: number): Promise<void> {
    const { store, clock, logger } = this.#options;
    const runOut = new AbortController();
    const cancel = clock.after(Math.max(0, this.#until - clock.elapsed()), () => runOut.abort());
    const signal = AbortSignal.any([this.#over.signal, runOut.signal]);
    try {
      while (!signal.aborted) {
        const askedAt = clock.elapsed();
        const value: Lease = { ...this.#lease, renewals: this.#lease.renewals + 1 };
        try {
          const [outcome] = await store.commit([{ key: STORE_KEYS.lease, value, expect: this.#revision }], {
            signal,
          });
          if (outcome?.ok === true) {
            this.#lease = value;
            this.#revision = outcome.revision;
            this.#until = askedAt + value.leaseMs * SAFE_PART;
            return;
          }
          const current = outcome?.current?.value as Partial<Lease> | undefined;
          if (current?.holder !== value.holder) {
            this.end(new GantryError('FENCED', `${current?.holder || 'another'} has taken the lease`));
            return;
          }
          this.#revision = outcome?.current?.revision ?? 0; // an earlier try was done after all
        } catch (error) {
          if (signal.aborted) break;
          logger.debug('the lease was not renewed', { error: toGantryError(error) });
          await clock.sleep(restMs, signal).catch(() => undefined);
        }
      }
      if (runOut.signal.aborted && !this.#over.signal.aborted)
        this.end(new GantryError('UNAVAILABLE', 'the lease could not be renewed in time'));
    } finally {
      cancel();
    }
  }
}
