import { MemoryBus } from '@gantry/bus-memory';
import { type Bus, contracts, GantryError, isGantryError, type Leadership, type Store } from '@gantry/core';
import type { Term } from '@gantry/core/contracts';
import { MemoryStore } from '@gantry/store-memory';
import { silentLogger, TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { createCluster } from '../src/index.ts';
import { base, given, part, plugin } from './support/plugins.ts';

/** Leadership that a test gives and takes. */
class Puppet implements Leadership {
  leader: string | undefined;
  readonly identity = 'me';
  readonly failures: unknown[] = [];
  #lead: ((term: Term) => Promise<void>) | undefined;
  #signal: AbortSignal | undefined;
  #number = 0;

  async campaign(lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#lead = lead;
    this.#signal = signal;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await this.running;
  }

  running: Promise<void> | undefined;

  get closed(): boolean {
    return this.#signal?.aborted === true;
  }

  begin(revision = 1): { readonly term: Term; lose(): void; expire(): void } {
    const over = new AbortController();
    let expired = false;
    const term: Term = {
      number: ++this.#number,
      fence: { key: 'leader/term', revision },
      signal: over.signal,
      holds: () => !over.signal.aborted && !expired,
      end: (reason) => over.abort(reason),
    };
    this.running = this.#lead?.(term).catch((error: unknown) => void this.failures.push(error));
    const expire = (): void => {
      expired = true;
    };
    return { term, lose: () => over.abort(new GantryError('FENCED', 'lost')), expire };
  }
}

async function compose(journal: string[], create: (given: Readonly<Record<string, unknown>>) => unknown) {
  const leadership = new Puppet();
  const clock = new TestClock();
  const store = new MemoryStore();
  const bus = new MemoryBus(clock, silentLogger);
  const cluster = await createCluster(
    [
      ...base(clock),
      given(contracts.store, store),
      given(contracts.bus, bus),
      plugin('front', contracts.component, () => part(journal, 'front')),
      plugin('leadership', contracts.leadership, () => leadership),
      plugin('duty', contracts.leaderComponent, create, { store: contracts.store, bus: contracts.bus }),
    ],
    { nodes: 0 },
  );
  return { cluster, clock, leadership, store, bus };
}

describe('a process among several', () => {
  test('has the leader-scoped components only while it leads, built again for each term', async () => {
    const journal: string[] = [];
    const { cluster, clock, leadership } = await compose(journal, () => part(journal, 'duty'));
    expect([journal, cluster.leads]).toEqual([['create front', 'start front'], false]);
    expect(() => cluster.get(contracts.leaderComponent)).toThrow(/does not lead/);
    for (let round = 0; round < 2; round++) {
      journal.length = 0;
      const { lose } = leadership.begin();
      await clock.settle();
      expect([journal, cluster.leads]).toEqual([['create duty', 'start duty'], true]);
      expect(cluster.get(contracts.leaderComponent)).toHaveLength(1);
      lose();
      await leadership.running;
      expect([journal.at(-1), cluster.leads]).toEqual(['close duty', false]);
    }
    await cluster[Symbol.asyncDispose]();
  });

  test('closes the parts of the leader before it stops to lead', async () => {
    const journal: string[] = [];
    const { cluster, clock, leadership } = await compose(journal, () => part(journal, 'duty'));
    const { term } = leadership.begin();
    await clock.settle();
    term.signal.addEventListener('abort', () => journal.push('term over'));
    await cluster[Symbol.asyncDispose]();
    expect(journal.slice(-2)).toEqual(['close duty', 'close front']);
    expect([term.signal.aborted, leadership.closed]).toEqual([false, true]);
  });

  test('reports to the election if the leader components cannot be started, and has none of them then', async () => {
    const journal: string[] = [];
    const { cluster, leadership } = await compose(journal, () =>
      part(journal, 'duty', {
        start: async () => {
          throw new Error('boom');
        },
      }),
    );
    leadership.begin();
    await leadership.running;
    expect(String(leadership.failures[0])).toContain('boom');
    expect([journal.at(-1), cluster.leads]).toEqual(['close duty', false]);
    await cluster[Symbol.asyncDispose]();
  });

  test('gives the leader a store with the fence of its term, and learns from a rejected write that the term is over', async () => {
    let given: Store | undefined;
    const { cluster, clock, leadership, store } = await compose([], (needs) => {
      given = needs.store as Store;
      return part([], 'duty');
    });
    const put = (key: string) => (given as Store).commit([{ key, value: 1 }]);
    const [outcome] = await store.commit([{ key: 'leader/term', value: 1 }]);
    const { term } = leadership.begin(outcome?.ok === true ? outcome.revision : 0);
    await clock.settle();
    expect((await put('tasks/a'))[0]?.ok).toBe(true);
    await store.commit([{ key: 'leader/term', value: 2 }]);
    await expect(put('tasks/b')).rejects.toSatisfy((error) => isGantryError(error, 'FENCED'));
    expect(term.signal.aborted).toBe(true);
    expect((await store.list('tasks/')).entries).toHaveLength(1);
    await cluster[Symbol.asyncDispose]();
  });

  test('lets a leader whose time has run out neither write nor answer, even before it is notified', async () => {
    let parts: { readonly store: Store; readonly bus: Bus } | undefined;
    const { cluster, clock, leadership, store, bus } = await compose([], (needs) => {
      parts = needs as unknown as { store: Store; bus: Bus };
      return part([], 'duty');
    });
    const [outcome] = await store.commit([{ key: 'leader/term', value: 1 }]);
    const { expire } = leadership.begin(outcome?.ok === true ? outcome.revision : 0);
    await clock.settle();
    parts?.bus.respond('ask', async () => 'answer');
    let heard = 0;
    bus.subscribe('told', () => void heard++);
    parts?.bus.publish('told', 1);
    expect(await bus.request('ask', null, { timeoutMs: 1000 })).toBe('answer');
    expire();
    parts?.bus.publish('told', 2);
    await expect(bus.request('ask', null, { timeoutMs: 1000 })).rejects.toSatisfy((error) =>
      isGantryError(error, 'UNAVAILABLE'),
    );
    await expect(parts?.store.commit([{ key: 'tasks/a', value: 1 }])).rejects.toSatisfy((error) =>
      isGantryError(error, 'FENCED'),
    );
    expect([heard, (await store.list('tasks/')).entries.length]).toEqual([1, 0]);
    await cluster[Symbol.asyncDispose]();
  });
});
