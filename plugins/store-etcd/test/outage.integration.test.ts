import { isGantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { afterEach, expect, test, vi } from 'vitest';
import { startEtcd } from '../../../tests/support/etcd-server.ts';
import { freePorts } from '../../../tests/support/ports.ts';
import { describeWith } from '../../../tests/support/services.ts';
import type { EtcdStore, EtcdStoreOptions } from '../src/index.ts';
import { compact, freshPrefix, gateway, startStore } from './support/etcd.ts';

const stores: EtcdStore[] = [];

async function open(options: EtcdStoreOptions): Promise<EtcdStore> {
  const store = await startStore({ timeoutMs: 2000, ...options });
  stores.push(store);
  return store;
}

function follow(store: EtcdStore, since: number): StoreEvent[] {
  const events: StoreEvent[] = [];
  const { signal } = new AbortController();
  void (async () => {
    for await (const batch of store.watch('', { since, signal })) events.push(...batch);
  })();
  return events;
}

/** Writers that each count up a key of their own, and note what was acknowledged. */
class Writers {
  readonly acknowledged: { readonly key: string; readonly value: number; readonly revision: number }[] = [];
  unknown = 0;
  #writing = true;
  readonly #done: Promise<unknown>;

  constructor(store: EtcdStore, count: number) {
    this.#done = Promise.all(Array.from({ length: count }, (_, index) => this.#write(store, `w/${index}`)));
  }

  async stop(): Promise<void> {
    this.#writing = false;
    await this.#done;
  }

  async #write(store: EtcdStore, key: string): Promise<void> {
    for (let value = 0; this.#writing; value++) {
      try {
        const [outcome] = await store.commit([{ key, value }]);
        if (outcome?.ok === true) this.acknowledged.push({ key, value, revision: outcome.revision });
      } catch (error) {
        if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
        if (error.code === 'TIMEOUT') this.unknown++;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

describeWith('etcd', 'store-etcd and servers that fail', () => {
  afterEach(async () => {
    for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
  });

  test('an endpoint without a listener is skipped', async () => {
    await using etcd = await startEtcd(1);
    const [port] = await freePorts(1);
    const store = await open({ endpoints: [`http://127.0.0.1:${port}`, ...etcd.urls] });
    const events = follow(store, 0);
    await store.commit([{ key: 'a', value: 1 }]);
    expect((await store.get('a'))?.value).toBe(1);
    await vi.waitFor(() => expect(events).toHaveLength(1), 5000);
  });

  test('a start that reaches no endpoint fails and names all of them', async () => {
    const ports = await freePorts(2);
    const endpoints = ports.map((port) => `http://127.0.0.1:${port}`);
    const error = await open({ endpoints, timeoutMs: 1000 }).catch((thrown: unknown) => thrown);
    expect(isGantryError(error, 'UNAVAILABLE')).toBe(true);
    for (const port of ports) expect(String(error)).toContain(`127.0.0.1:${port}: connect ECONNREFUSED`);
  });

  test('acknowledged writes survive and the watch is complete if the connected member is killed under writes', async () => {
    await using etcd = await startEtcd(3);
    const store = await open({ endpoints: [...etcd.urls], prefix: freshPrefix() });
    const { revision: since } = await store.list('');
    const events = follow(store, since);
    const writers = new Writers(store, 8);
    const written = (count: number) =>
      vi.waitFor(() => expect(writers.acknowledged.length).toBeGreaterThan(count), 30_000);
    for (const daemon of etcd.daemons) {
      await written(writers.acknowledged.length + 100);
      await daemon.stop();
      await written(writers.acknowledged.length + 100);
      await daemon.start();
    }
    await writers.stop();
    const end = await vi.waitFor(() => store.commit([{ key: 'end', value: 1 }]), 10_000);
    const last = end[0]?.ok === true ? end[0].revision : 0;
    await vi.waitFor(() => expect(events.at(-1)?.revision).toBe(last), 20_000);

    // Writes that went together share a revision.
    const at = (revision: number, key: string): string => `${revision} ${key}`;
    const told = new Map(events.map((event) => [at(event.revision, event.key), event]));
    expect(told.size).toBe(events.length);
    const revisions = events.map(({ revision }) => revision);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    for (const { key, value, revision } of writers.acknowledged)
      expect(told.get(at(revision, key))).toEqual({ key, value, revision });
    expect(events.length).toBeLessThanOrEqual(writers.acknowledged.length + writers.unknown + 1);
    for (const { key, value, revision } of (await store.list('w/')).entries)
      expect(told.get(at(revision, key))).toEqual({ key, value, revision });
  });

  test('a member that is halted is left for another, by calls and by the watch', async () => {
    await using etcd = await startEtcd(3);
    const prefix = freshPrefix();
    const store = await open({ endpoints: [...etcd.urls], prefix });
    const other = await open({ endpoints: etcd.urls.slice(1), prefix });
    const events = follow(store, 0);
    await other.commit([{ key: 'a', value: 1 }]);
    await vi.waitFor(() => expect(events).toHaveLength(1), 5000);
    etcd.daemons[0]?.signal('SIGSTOP');
    try {
      await vi.waitFor(() => other.commit([{ key: 'a', value: 2 }]), 10_000);
      expect((await store.get('a'))?.value).toBe(2);
      await store.commit([{ key: 'a', value: 3 }]);
      await vi.waitFor(() => expect(events.at(-1)?.value).toBe(3), 30_000);
    } finally {
      etcd.daemons[0]?.signal('SIGCONT');
    }
  });

  test('calls fail without a majority, and succeed when it is back', async () => {
    await using etcd = await startEtcd(3);
    const store = await open({ endpoints: [...etcd.urls] });
    await store.commit([{ key: 'a', value: 1 }]);
    await Promise.all(etcd.daemons.slice(1).map((daemon) => daemon.stop()));
    for (const call of [
      () => store.get('a'),
      () => store.list(''),
      () => store.commit([{ key: 'a', value: 2 }]),
    ]) {
      const error = await call().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(isGantryError(error, 'UNAVAILABLE', 'TIMEOUT'), String(error)).toBe(true);
    }
    for (const daemon of etcd.daemons.slice(1)) daemon.launch();
    await vi.waitFor(async () => expect((await store.get('a'))?.value).toBeGreaterThan(0), 20_000);
  });

  test('a watch since before a delete misses nothing if the history is compacted at its revision (etcd-io/etcd#18089)', async () => {
    await using etcd = await startEtcd(1);
    const [url] = etcd.urls as [string];
    const store = await open({ endpoints: url });
    const write = async (value: number | undefined): Promise<number> => {
      const [outcome] = await store.commit([{ key: 'a', value }]);
      return outcome?.ok === true ? outcome.revision : 0;
    };
    for (const value of [1, 2]) await write(value);
    const since = await write(3);
    const revision = await write(undefined);
    await write(4);
    await gateway(url, 'kv/compaction', { revision, physical: true });
    const { signal } = new AbortController();
    const first = await store
      .watch('', { since, signal })
      [Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => error);
    expect(isGantryError(first, 'COMPACTED')).toBe(true);
    const rest = follow(store, revision);
    await vi.waitFor(() => expect(rest.map(({ value }) => value)).toEqual([4]), 5000);
  });

  test('a list in pages is whole while its history is compacted away and others write', async () => {
    await using etcd = await startEtcd(1);
    const [url] = etcd.urls as [string];
    const store = await open({ endpoints: url, timeoutMs: 10_000 });
    const keys = Array.from({ length: 30_000 }, (_, index) => `k/${String(index).padStart(5, '0')}`);
    await store.commit(keys.map((key) => ({ key, value: 0 })));
    let listing = true;
    const compacting = (async () => {
      for (let count = 0; listing; count++) {
        await store.commit([{ key: keys[count % keys.length] as string, value: count }]);
        await compact(url);
      }
    })();
    for (let round = 0; round < 10; round++) {
      const { entries, revision } = await store.list('k/');
      expect(entries.map(({ key }) => key)).toEqual(keys);
      expect(Math.max(...entries.map((entry) => entry.revision))).toBeLessThanOrEqual(revision);
    }
    listing = false;
    await compacting;
  });
});
