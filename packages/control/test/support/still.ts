import { contracts, type Views } from '@gantry/core';
import { type Kind, type KindMap, keyOf } from '@gantry/core/model';
import { type Cluster, createCluster, storeViews } from '@gantry/host';
import { MemoryStore } from '@gantry/store-memory';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { afterEach } from 'vitest';
import { given } from './cluster.ts';
import { T0 } from './objects.ts';

/** Views of a store with nothing that acts on them, closed after the test. */
export interface Still {
  readonly clock: TestClock;
  readonly store: MemoryStore;
  readonly views: Views;
  put<K extends Kind>(kind: K, ...objects: readonly KindMap[K][]): Promise<void>;
  stored<K extends Kind>(kind: K, name: string): Promise<KindMap[K] | undefined>;
}

/** Returns a function that makes such views; to be called once per file, outside of tests. */
export function stillPerTest(): () => Promise<Still> {
  let open: Cluster | undefined;
  afterEach(async () => {
    await open?.[Symbol.asyncDispose]();
    open = undefined;
  });
  return async () => {
    const clock = new TestClock(T0);
    const store = new MemoryStore();
    open = await createCluster(
      [
        given(contracts.clock, clock),
        given(contracts.random, new SeededRandom(1)),
        given(contracts.logger, silentLogger),
        given(contracts.store, store),
        storeViews(),
      ],
      { nodes: 0 },
    );
    return {
      clock,
      store,
      views: open.get(contracts.views),
      put: async (kind, ...objects) => {
        await store.commit(objects.map((value) => ({ key: keyOf(kind, value.meta.name), value })));
        await clock.settle();
      },
      stored: async <K extends Kind>(kind: K, name: string) =>
        (await store.get(keyOf(kind, name)))?.value as KindMap[K] | undefined,
    };
  };
}
