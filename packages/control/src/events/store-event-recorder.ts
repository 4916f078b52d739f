import {
  type Clock,
  contracts,
  definePlugin,
  type EventRecorder,
  type Logger,
  type Random,
  type Store,
  toGantryError,
} from '@gantry/core';
import type { Change } from '@gantry/core/contracts';
import { type Event, idOf, type Kind, keyOf, parseId } from '@gantry/core/model';
import { randomId } from '@gantry/core/primitives';
import { z } from 'zod';

interface Waiting {
  readonly event: Event;
  readonly revision: number | undefined;
}

const FLUSH_MS = 50;
/** Maximum number of different events remembered for counting repeats. */
const REMEMBERED = 1000;

/** Collects events for a moment, counts repeats, and writes them in batches. */
export class StoreEventRecorder implements EventRecorder, AsyncDisposable {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  /** The newest form of each event, by content. */
  readonly #known = new Map<string, Waiting>();
  readonly #dirty = new Set<string>();
  #cancel: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(store: Store, clock: Clock, random: Random, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger.child({ part: 'events' });
  }

  record(
    regarding: { readonly kind: Kind; readonly name: string },
    type: 'normal' | 'warning',
    reason: string,
    message: string,
    count = 1,
  ): void {
    if (this.#closed) return;
    const id = `${regarding.kind}/${regarding.name}/${reason}/${message}`;
    const now = this.#clock.now();
    const known = this.#known.get(id);
    const spec = known?.event.spec ?? { regarding, type, reason, message, count: 0, firstAt: now };
    const meta = known?.event.meta ?? {
      name: `${parseId(regarding.name).name.slice(0, 40)}.${randomId(this.#random, 10)}`,
      namespace: parseId(regarding.name).namespace,
      uid: randomId(this.#random),
      generation: 1,
      createdAt: now,
      labels: {},
    };
    const event: Event = { kind: 'event', meta, spec: { ...spec, count: spec.count + count, lastAt: now } };
    this.#known.delete(id);
    this.#known.set(id, { event, revision: known?.revision });
    this.#dirty.add(id);
    this.#forgetOldest();
    this.#cancel ??= this.#clock.after(FLUSH_MS, () => {
      this.#cancel = undefined;
      this.#flushing = this.#flushing.then(() => this.#flush());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#flushing;
  }

  #forgetOldest(): void {
    for (const id of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) return;
      this.#known.delete(id);
      this.#dirty.delete(id);
    }
  }

  async #flush(): Promise<void> {
    const ids = [...this.#dirty].filter((id) => this.#known.has(id));
    this.#dirty.clear();
    const changes = ids.map((id): Change => {
      const { event } = this.#known.get(id) as Waiting;
      return { key: keyOf('event', idOf(event.meta)), value: event };
    });
    if (changes.length === 0 || this.#closed) return;
    try {
      await this.#store.commit(changes);
    } catch (error) {
      this.#logger.warn('events could not be written', {
        count: changes.length,
        error: toGantryError(error),
      });
    }
  }
}

/** Plugin: writes events into the store. */
export const storeEventRecorder = definePlugin({
  name: 'events-store',
  provides: contracts.events,
  needs: {
    store: contracts.store,
    clock: contracts.clock,
    random: contracts.random,
    logger: contracts.logger,
  },
  options: z.strictObject({}),
  create: (_options, { store, clock, random, logger }) =>
    new StoreEventRecorder(store, clock, random, logger),
});
