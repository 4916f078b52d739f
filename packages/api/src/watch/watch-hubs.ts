import { GantryError } from '@gantry/core';
import type { KindDefinition } from '@gantry/core/model';
import { type HubParts, KindHub } from './kind-hub.ts';

/** One hub for each kind. */
export class WatchHubs {
  readonly #hubs: ReadonlyMap<string, KindHub>;

  constructor(kinds: readonly KindDefinition[], parts: HubParts) {
    this.#hubs = new Map(kinds.map((definition) => [definition.kind, new KindHub(definition, parts)]));
  }

  of(kind: string): KindHub {
    const hub = this.#hubs.get(kind);
    if (hub === undefined) throw new GantryError('NOT_FOUND', `unknown kind "${kind}"`);
    return hub;
  }

  close(): void {
    for (const hub of this.#hubs.values()) hub.close();
  }
}
