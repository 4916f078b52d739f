import { GantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import type { Environment } from './environment.ts';
import { storedEvent } from './stored-event.ts';

/** Number of revisions read in one turn of the event loop. */
const CHUNK = 5000;

export interface ResumedWatchOptions {
  readonly environment: Environment;
  readonly prefix: string;
  readonly since: number;
  /** Events after this revision come from `rest`. */
  readonly until: number;
  readonly rest: AsyncIterator<readonly StoreEvent[]>;
  /** Whether `rest` has ended, or is about to. */
  readonly isOver: () => boolean;
}

/**
 * A watch that starts before the events kept in memory: it first reads the history in the environment. The history does
 * not contain values, so for each key the watch delivers the current entry, if that is not too new, and skips the rest.
 */
export class ResumedWatch implements AsyncIterator<readonly StoreEvent[]> {
  readonly #options: ResumedWatchOptions;
  #at: number;

  constructor(options: ResumedWatchOptions) {
    this.#options = options;
    this.#at = options.since;
  }

  async next(): Promise<IteratorResult<readonly StoreEvent[]>> {
    const { until, rest, isOver } = this.#options;
    while (this.#at < until && !isOver()) {
      const events = this.#read();
      if (events.length > 0) return { done: false, value: events };
    }
    return await rest.next();
  }

  async return(): Promise<IteratorResult<readonly StoreEvent[]>> {
    this.#at = this.#options.until;
    await this.#options.rest.return?.();
    return { done: true, value: undefined };
  }

  #read(): StoreEvent[] {
    const { environment, prefix, since, until, rest } = this.#options;
    const { oldest } = environment;
    if (this.#at < oldest) {
      this.#at = until;
      void rest.return?.();
      const message = `store-lmdb: the events since revision ${since} are gone: list again`;
      throw new GantryError('COMPACTED', message, { details: { since, oldest } });
    }
    const end = Math.min(this.#at + CHUNK, until);
    const events: StoreEvent[] = [];
    for (const { key, gone, revision } of environment.remembered(this.#at, end)) {
      if (!key.startsWith(prefix)) continue;
      const stored = environment.read(key);
      if (gone && stored === undefined) events.push(storedEvent(key, undefined, revision));
      else if (!gone && stored?.revision === revision) events.push(storedEvent(key, stored.text, revision));
    }
    this.#at = end;
    return events;
  }
}
