import { contracts, type Plugin } from '@gantry/core';
import type { Outcome } from '@gantry/core/contracts';
import { createCluster } from '@gantry/host';
import { jsonLogger, systemClock, systemRandom } from '@gantry/system';
import { type Side, VALUE } from './side.ts';

export interface StoreSideOptions {
  /** Whether every write expects the revision that it replaces (default: no). */
  readonly expecting?: boolean;
}

/** A store, created from its plugin. */
export async function storeSide(plugin: Plugin, { expecting = false }: StoreSideOptions = {}): Promise<Side> {
  const machine = [systemClock(), systemRandom(), jsonLogger({ level: 'error' })];
  const cluster = await createCluster([...machine, plugin], { nodes: 0 });
  const store = cluster.get(contracts.store);
  const revisions = new Map<string, number>();
  const change = (key: string) => ({
    key,
    value: VALUE,
    ...(expecting && { expect: revisions.get(key) ?? ('absent' as const) }),
  });
  const note = (key: string, outcome: Outcome | undefined): void => {
    if (outcome?.ok !== true) throw new Error(`the write of "${key}" was refused`);
    if (expecting) revisions.set(key, outcome.revision);
  };
  const [term] = store.supports.fencing ? await store.commit([{ key: 'fence', value: 1 }]) : [];
  const fence = term?.ok === true ? { key: 'fence', revision: term.revision } : undefined;
  return {
    ...(fence !== undefined && {
      async putFenced(key: string) {
        const [outcome] = await store.commit([change(key)], { fence });
        note(key, outcome);
      },
    }),
    async put(key) {
      const [outcome] = await store.commit([change(key)]);
      note(key, outcome);
    },
    async batch(keys) {
      const outcomes = await store.commit(keys.map(change));
      keys.forEach((key, index) => {
        note(key, outcomes[index]);
      });
    },
    async list(prefix) {
      const { entries } = await store.list(prefix);
      return entries.length;
    },
    async watch(prefix, hear) {
      const end = new AbortController();
      const { revision: since } = await store.list(prefix);
      void (async () => {
        for await (const events of store.watch(prefix, { since, signal: end.signal })) hear(events.length);
      })();
      return () => end.abort();
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
