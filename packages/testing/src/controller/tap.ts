import {
  type AnyToken,
  type Controller,
  contracts,
  GantryError,
  type Plugin,
  type Store,
  type Writer,
} from '@gantry/core';
import type { Change } from '@gantry/core/contracts';

/**
 * Outcome of a write of the controller: done; rejected; done, but its answer is lost; or rejected because the term has
 * ended, like all later writes.
 */
export type Fate = 'done' | 'refused' | 'lost' | 'cut';

/** Sits between a controller and its writer: counts its writes, and decides the fate of each. */
export class Tap {
  controller: Controller | undefined;
  /** Number of writes so far. */
  writes = 0;
  /** Whether a write had another fate than `done`. */
  struck = false;
  readonly #fate: (write: number) => Fate;
  readonly #before: (changes: readonly Change[]) => Promise<void>;

  /** @param before called before each commit of the controller */
  constructor(
    fate: (write: number) => Fate = () => 'done',
    before: (changes: readonly Change[]) => Promise<void> = async () => {},
  ) {
    this.#fate = fate;
    this.#before = before;
  }

  /** Returns the plugins, with the controller's writes routed through this tap. */
  into(plugins: readonly Plugin[], name: string): readonly Plugin[] {
    if (!plugins.some((plugin) => plugin.name === name))
      throw new GantryError('INVALID_OPTIONS', `the subject has no plugin "${name}"`);
    return plugins.map((plugin) => (plugin.name === name ? this.#tapped(plugin) : plugin));
  }

  #tapped(plugin: Plugin): Plugin {
    const create = (needs: Readonly<Record<string, unknown>>): unknown => {
      const tapped = Object.entries(needs).map(([key, value]) => [
        key,
        this.#need(plugin.needs[key] as AnyToken, value),
      ]);
      this.controller = plugin.create(Object.fromEntries(tapped)) as Controller;
      return this.controller;
    };
    return Object.freeze({ ...plugin, create });
  }

  #need(token: AnyToken, value: unknown): unknown {
    if (token.key === contracts.store.key) return this.#store(value as Store);
    if (token.key === contracts.writer.key) return this.#writer(value as Writer);
    return value;
  }

  #store(store: Store): Store {
    return {
      supports: store.supports,
      get: (...given) => store.get(...given),
      list: (...given) => store.list(...given),
      watch: (...given) => store.watch(...given),
      commit: (changes, options) =>
        this.#write(async () => {
          await this.#before(changes);
          return await store.commit(changes, options);
        }),
    };
  }

  #writer(writer: Writer): Writer {
    return {
      apply: (input, options) => this.#write(() => writer.apply(input, options)),
      patch: (kind, id, patch, options) => this.#write(() => writer.patch(kind, id, patch, options)),
      scale: (service, replicas, options) => this.#write(() => writer.scale(service, replicas, options)),
      restart: (service, options) => this.#write(() => writer.restart(service, options)),
      setStatus: (kind, id, status, options) =>
        this.#write(() => writer.setStatus(kind, id, status, options)),
      delete: (kind, id, options) => this.#write(() => writer.delete(kind, id, options)),
      finalize: (kind, id, options) => this.#write(() => writer.finalize(kind, id, options)),
    };
  }

  async #write<T>(write: () => Promise<T>): Promise<T> {
    const fate = this.#fate(++this.writes);
    if (fate !== 'done') this.struck = true;
    if (fate === 'refused') throw new GantryError('UNAVAILABLE', 'the kit refuses this write');
    if (fate === 'cut') throw new GantryError('FENCED', 'the kit has ended the term');
    const answer = await write();
    if (fate === 'lost') throw new GantryError('TIMEOUT', 'the kit has lost the answer to this write');
    return answer;
  }
}
