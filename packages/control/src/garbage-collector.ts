import {
  type Clock,
  type Component,
  contracts,
  definePlugin,
  type Logger,
  type Store,
  toGantryError,
  type Views,
} from '@gantry/core';
import type { Change } from '@gantry/core/contracts';
import { z } from 'zod';

export interface GarbageOptions {
  /** Interval between two runs, ms. */
  readonly everyMs: number;
  /** Templates without references are kept this long, ms. */
  readonly templateAgeMs: number;
  /** Events are kept this long, ms, and at most `maxEvents` of them. */
  readonly eventAgeMs: number;
  readonly maxEvents: number;
}

/** Removes old events, and templates to which no service, history or task refers. */
export class GarbageCollector implements Component {
  readonly name = 'garbage-collector';
  readonly #store: Store;
  readonly #views: Views;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: GarbageOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(store: Store, views: Views, clock: Clock, logger: Logger, options: GarbageOptions) {
    this.#store = store;
    this.#views = views;
    this.#clock = clock;
    this.#logger = logger;
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#loop = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /** Returns the deletions that are due now. */
  candidates(): readonly Change[] {
    return [...this.#templates(), ...this.#events()];
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(this.#options.everyMs, signal);
        const changes = this.candidates();
        if (changes.length > 0) await this.#store.commit(changes, { signal });
      } catch (error) {
        if (!signal.aborted) this.#logger.warn('collecting garbage failed', { error: toGantryError(error) });
      }
    }
  }

  *#templates(): Iterable<Change> {
    const cutoff = this.#clock.now() - this.#options.templateAgeMs;
    const templates = this.#views.of('template');
    const old = [...templates.all()].filter(({ value }) => value.meta.createdAt < cutoff);
    if (old.length === 0) return;
    const used = new Set<string>();
    for (const { value } of this.#views.of('service').all()) {
      used.add(value.status.template);
      for (const { template } of value.status.history) used.add(template);
    }
    for (const { value } of this.#views.of('task').all()) used.add(value.spec.template);
    for (const { key, value, revision } of old) {
      if (!used.has(value.meta.name)) yield { key, value: undefined, expect: revision };
    }
  }

  *#events(): Iterable<Change> {
    const cutoff = this.#clock.now() - this.#options.eventAgeMs;
    const events = [...this.#views.of('event').all()].sort(
      (a, b) => b.value.spec.lastAt - a.value.spec.lastAt,
    );
    for (const [index, { key, value, revision }] of events.entries()) {
      if (index >= this.#options.maxEvents || value.spec.lastAt < cutoff) {
        yield { key, value: undefined, expect: revision };
      }
    }
  }
}

/** Plugin: removes unused templates and old events. */
export const garbageCollector = definePlugin({
  name: 'component-garbage-collector',
  provides: contracts.leaderComponent,
  needs: { store: contracts.store, views: contracts.views, clock: contracts.clock, logger: contracts.logger },
  options: z.strictObject({
    everyMs: z.int().positive().default(30_000),
    templateAgeMs: z.int().min(0).default(60_000),
    eventAgeMs: z.int().min(0).default(3_600_000),
    maxEvents: z.int().min(0).default(5000),
  }),
  create: (options, { store, views, clock, logger }) =>
    new GarbageCollector(store, views, clock, logger, options),
});
