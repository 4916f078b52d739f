import { type AnyToken, contracts, GantryError, type Store, type Token } from '@gantry/core';
import type { Term } from '@gantry/core/contracts';
import { leaderStore } from './leader-store.ts';
import type { Scope } from './scope.ts';
import { termBus } from './term-bus.ts';
import { termStore } from './term-store.ts';

/** Contracts that a term implements itself instead of using those of the cluster. */
export type TermParts = readonly (readonly [AnyToken, build: () => unknown])[];

export interface LeadingOptions {
  readonly cluster: Scope;
  /** Whether there is a `contracts.leadership`; otherwise this process leads from its start to its end. */
  readonly elected: boolean;
  /** Makes the scope of one term. */
  readonly scopeOf: (parts: TermParts) => Scope;
  /** Builds and starts everything in the scope. */
  readonly start: (scope: Scope, signal: AbortSignal | undefined) => Promise<void>;
  /** Closes it; returns the errors. */
  readonly close: (scope: Scope) => Promise<unknown[]>;
}

/** Builds the leader-scoped components when this process becomes leader and closes them when it stops leading. */
export class Leading {
  readonly #options: LeadingOptions;
  readonly #stop = new AbortController();
  #scope: Scope | undefined;
  #campaign: Promise<void> | undefined;
  #last: unknown[] = [];

  constructor(options: LeadingOptions) {
    this.#options = options;
  }

  get leads(): boolean {
    return this.#scope !== undefined;
  }

  get<T>(token: Token<T>): T {
    if (this.#scope !== undefined) return this.#scope.get(token);
    throw new GantryError('UNAVAILABLE', `this process does not lead: it has no "${token.id}"`);
  }

  /** Resolves immediately if there is an election; otherwise when the leader-scoped components have started. */
  async start(signal: AbortSignal | undefined): Promise<void> {
    const { cluster, elected } = this.#options;
    const store = (): Store => cluster.get(contracts.store);
    if (!elected) return await this.#begin([[contracts.store, () => leaderStore(store())]], signal);
    const leadership = cluster.get(contracts.leadership);
    this.#campaign = leadership.campaign((term) => this.#lead(term), this.#stop.signal);
    this.#campaign.catch(() => undefined); // told when it is waited for
  }

  /**
   * Closes the leader-scoped components while this process still leads, and only then gives up leadership. Returns the
   * errors.
   */
  async close(): Promise<unknown[]> {
    this.#stop.abort(new GantryError('CLOSED', 'the cluster is closed'));
    const [campaign] = await Promise.allSettled([this.#campaign]);
    const problems = [...this.#last, ...(await this.#end())];
    return campaign.status === 'rejected' ? [...problems, campaign.reason] : problems;
  }

  async #lead(term: Term): Promise<void> {
    const { cluster } = this.#options;
    const stop = this.#stop.signal;
    const parts: TermParts = [
      [contracts.store, () => leaderStore(termStore(cluster.get(contracts.store), term))],
      [contracts.bus, () => termBus(cluster.get(contracts.bus), term)],
    ];
    const over = AbortSignal.any([term.signal, stop]);
    await this.#begin(parts, over);
    await fired(over);
    const problems = await this.#end();
    if (stop.aborted) this.#last = problems;
    else if (problems.length > 0)
      throw new AggregateError(problems, `${problems.length} part(s) of the leader failed to close`);
  }

  async #begin(parts: TermParts, signal: AbortSignal | undefined): Promise<void> {
    const scope = this.#options.scopeOf(parts);
    this.#scope = scope;
    try {
      await this.#options.start(scope, signal);
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  async #end(): Promise<unknown[]> {
    const scope = this.#scope;
    this.#scope = undefined;
    return scope === undefined ? [] : await this.#options.close(scope);
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
