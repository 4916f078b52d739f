import {
  type Clock,
  contracts,
  definePlugin,
  isGantryError,
  type Lifecycle,
  type Logger,
  type Store,
  toGantryError,
  type Views,
} from '@gantry/core';
import type { View } from '@gantry/core/contracts';
import { allKinds, type Kind, type KindDefinition, keyPrefix } from '@gantry/core/model';
import { CachedView } from './view.ts';

const RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

/** Keeps a cache of every kind up to date with the store: one list and one watch for each. */
export class StoreViews implements Views, Lifecycle {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #views: ReadonlyMap<Kind, CachedView<Kind>>;
  readonly #stop = new AbortController();
  #loops: Promise<void>[] = [];

  constructor(store: Store, clock: Clock, logger: Logger, kinds: readonly KindDefinition[] = []) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger.child({ part: 'views' });
    const view = (definition: KindDefinition): CachedView<Kind> =>
      new CachedView(definition, (index, id, error) => {
        const fields = { kind: definition.kind, id, index, error: toGantryError(error) };
        this.#logger.warn('an object cannot be indexed', fields);
      });
    this.#views = new Map(allKinds(kinds).map((each) => [each.kind, view(each)]));
  }

  of<K extends Kind>(kind: K): View<K> {
    const view = this.#views.get(kind);
    if (view === undefined) throw new TypeError(`unknown kind "${kind}"`);
    return view as unknown as View<K>;
  }

  /** Resolves once every kind was listed. */
  async start(signal: AbortSignal): Promise<void> {
    const revisions = await Promise.all([...this.#views.values()].map((view) => this.#list(view, signal)));
    this.#loops = [...this.#views.values()].map((view, index) =>
      this.#follow(view, revisions[index] as number),
    );
  }

  /** Ends all watches. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  async #list(view: CachedView<Kind>, signal: AbortSignal): Promise<number> {
    const { entries, revision } = await this.#store.list(keyPrefix(view.kind), { signal });
    view.replace(entries, revision);
    return revision;
  }

  async #follow(view: CachedView<Kind>, listed: number): Promise<void> {
    const { signal } = this.#stop;
    let since: number | undefined = listed;
    let wait = RETRY_MS;
    while (!signal.aborted) {
      try {
        since ??= await this.#list(view, signal);
        for await (const batch of this.#store.watch(keyPrefix(view.kind), { since, signal })) {
          view.apply(batch);
          since = batch.at(-1)?.revision ?? since;
          wait = RETRY_MS;
        }
        if (!signal.aborted) throw new Error('the watch ended unexpectedly');
      } catch (error) {
        if (signal.aborted) return;
        if (isGantryError(error, 'CLOSED')) return;
        since = undefined; // list again: right after COMPACTED, and safe after anything else
        if (isGantryError(error, 'COMPACTED')) continue;
        this.#logger.warn('failed to watch the store', { kind: view.kind, error: toGantryError(error) });
        await this.#clock.sleep(wait, signal).catch(() => undefined);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
  }
}

/** Plugin: caches for `contracts.views`, fed by the store. */
export const storeViews = definePlugin({
  name: 'views-store',
  provides: contracts.views,
  needs: { store: contracts.store, clock: contracts.clock, logger: contracts.logger, kinds: contracts.kind },
  create: (_options, { store, clock, logger, kinds }) => new StoreViews(store, clock, logger, kinds),
});
