import type { Store } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';

/** One watch, from the first write to the last, and what it makes of the store. */
export class Follower {
  readonly byKey = new Map<string, StoreEvent[]>();
  readonly wrong: string[] = [];
  readonly #view = new Map<string, StoreEvent>();
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  /** Revision of the newest event. */
  revision: number;

  constructor(store: Store, prefix: string, since: number) {
    this.revision = since;
    this.#done = this.#follow(store, prefix, since).catch((error: unknown) => {
      this.wrong.push(`the watch has ended: ${String(error)}`);
    });
  }

  /** The current entries, as delivered. */
  get entries(): readonly StoreEvent[] {
    return [...this.#view.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  get ended(): boolean {
    return this.wrong.some((text) => text.startsWith('the watch'));
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#done;
  }

  async #follow(store: Store, prefix: string, since: number): Promise<void> {
    const { signal } = this.#end;
    for await (const batch of store.watch(prefix, { since, signal })) this.#take(batch);
    if (!signal.aborted) this.wrong.push('the watch has ended unexpectedly');
  }

  #take(batch: readonly StoreEvent[]): void {
    const [first] = batch;
    if (first === undefined) this.wrong.push('a batch was empty');
    else if (first.revision <= this.revision)
      this.wrong.push(`a batch of ${first.revision} came after one of ${this.revision}`);
    for (const event of batch) {
      if (event.revision < this.revision)
        this.wrong.push(`${event.key}: ${event.revision} came after ${this.revision}`);
      this.revision = event.revision;
      if (event.value === undefined) this.#view.delete(event.key);
      else this.#view.set(event.key, event);
      const events = this.byKey.get(event.key);
      if (events === undefined) this.byKey.set(event.key, [event]);
      else events.push(event);
    }
  }
}
