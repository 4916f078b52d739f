import type { Clock, Component, Store } from '@gantry/core';
import { STORE_KEYS } from '@gantry/core/model';
import { termSchema } from '../lead/lease.ts';
import type { ServerRegistry } from './server-registry.ts';

interface Parts {
  readonly registry: ServerRegistry;
  readonly store: Store;
  readonly clock: Clock;
}

/** Reports to the registry while this process leads, and in which term. */
export class LeadingMark implements Component {
  readonly name = 'leading-mark';
  readonly #parts: Parts;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { registry, clock } = this.#parts;
    const since = clock.now();
    const term = await this.#term(signal);
    // The term may be over by now: the mark of the past would stay.
    if (!this.#closed) registry.leads({ since, ...(term !== undefined && { term }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#parts.registry.leads(undefined);
  }

  /** Undefined without an election, and if it cannot be read: no reason not to lead. */
  async #term(signal: AbortSignal): Promise<number | undefined> {
    const { registry, store } = this.#parts;
    const entry = await store.get(STORE_KEYS.term, { signal }).catch(() => undefined);
    const read = termSchema.safeParse(entry?.value);
    return read.success && read.data.holder === registry.id ? read.data.number : undefined;
  }
}
