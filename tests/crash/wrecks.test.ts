/** The account that the crash tests keep is worth nothing unless it finds what is wrong: stores that are, and one that is not. */
import { setImmediate as turn } from 'node:timers/promises';
import { contracts, definePlugin, GantryError, type Plugin, type Store } from '@gantry/core';
import type { Change } from '@gantry/core/contracts';
import { MemoryStore } from '@gantry/store-memory';
import { expect, test } from 'vitest';
import { type CrashResult, crashRun } from './support/crash-run.ts';

type Commit = Store['commit'];
type Batch = Parameters<Commit>[0];
/** Makes a store worse; `after` counts its commits. */
type Wreck = (store: Store) => Partial<Store>;

const EVERY = 25;
/** Long enough for a writer that rested to write again. */
const WRITES = 5000;

/** The same store for all who ask, which takes a turn of the event loop for a commit, as a real one does. */
function wrecked(wreck: Wreck): () => Plugin {
  const memory = new MemoryStore();
  const worse = wreck(memory);
  const commit: Commit = async (changes, options) => {
    await turn();
    return await (worse.commit ?? memory.commit.bind(memory))(changes, options);
  };
  const store: Store = {
    supports: memory.supports,
    get: worse.get ?? memory.get.bind(memory),
    list: worse.list ?? memory.list.bind(memory),
    watch: worse.watch ?? memory.watch.bind(memory),
    commit,
  };
  return () => definePlugin({ name: 'store-wreck', provides: contracts.store, create: () => store })();
}

/** Behaves differently for one in several commits that put one key without an expectation. */
function sometimes(store: Store, otherwise: (changes: Batch, commit: Commit) => ReturnType<Commit>): Wreck {
  const commit = store.commit.bind(store);
  let count = 0;
  return () => ({
    commit: (changes, options) => {
      const plain =
        changes.length === 1 && changes[0]?.value !== undefined && changes[0].expect === undefined;
      const own = changes[0]?.key !== 'crash/end';
      return plain && own && ++count % EVERY === 0 ? otherwise(changes, commit) : commit(changes, options);
    },
  });
}

async function run(wreck: Wreck, writesAtEnd = WRITES): Promise<CrashResult> {
  const store = wrecked(wreck);
  return await crashRun({ engine: 'wreck', store, daemons: [], rounds: 0, seed: 3, writesAtEnd });
}

/** The events of a watch, changed in transit. */
function retold(change: (key: string, count: number) => 'keep' | 'drop' | 'twice'): Wreck {
  return (store) => ({
    watch: (prefix, options) => ({
      async *[Symbol.asyncIterator]() {
        let count = 0;
        for await (const batch of store.watch(prefix, options)) {
          const told = batch.flatMap((event) => {
            const what = event.key === 'crash/end' ? 'keep' : change(event.key, ++count);
            return what === 'drop' ? [] : what === 'twice' ? [event, event] : [event];
          });
          if (told.length > 0) yield told;
        }
      },
    }),
  });
}

const unavailable = (): never => {
  throw new GantryError('UNAVAILABLE', 'wreck: no server');
};
const timeout = (): never => {
  throw new GantryError('TIMEOUT', 'wreck: no answer');
};

test('a correct store is found to be correct, outages and unknown writes included', async () => {
  let count = 0;
  const result = await run(
    (store) => ({
      commit: async (changes, options) => {
        count++;
        if (changes[0]?.key !== 'crash/end' && count % 10 === 0) unavailable();
        const outcomes = await store.commit(changes, options);
        if (changes[0]?.key !== 'crash/end' && count % 10 === 5) timeout();
        return outcomes;
      },
    }),
    1000,
  );
  expect(result.wrong).toEqual([]);
  expect(result).toMatchObject({ lost: 0, leftOut: 0, late: 0 });
  expect(result.acknowledged).toBeGreaterThan(300);
  expect(result.refused).toBeGreaterThan(0);
  // All were written; of a delete of nothing no trace is left.
  expect(result.unknownWritten).toBeGreaterThan(result.unknown / 2);
});

test('a missing acknowledged write is found', async () => {
  const result = await run((store) =>
    sometimes(store, async () => {
      const { revision } = await store.list('');
      return [{ ok: true, revision: revision + 1 }];
    })(store),
  );
  expect(result.wrong.join('\n')).toMatch(/lost|was written at|came at/);
});

test('an acknowledged write that is taken back later is found as lost', async () => {
  const result = await run((store) =>
    sometimes(store, async ([change], commit) => {
      const before = await store.get((change as Change).key);
      const outcomes = await commit([change as Change]);
      await commit([{ key: (change as Change).key, value: before?.value }]);
      return outcomes;
    })(store),
  );
  expect(result.lost).toBeGreaterThan(0);
});

test('a write that was said not to be written, and is, is found', async () => {
  const result = await run((store) =>
    sometimes(store, async (changes, commit) => {
      await commit(changes);
      return unavailable();
    })(store),
  );
  expect(result.wrong.join('\n')).toContain('was said not to be written');
});

test('a write that is done twice is found', async () => {
  const result = await run((store) =>
    sometimes(store, async (changes, commit) => {
      const outcomes = await commit(changes);
      await commit(changes);
      return outcomes;
    })(store),
  );
  expect(result.wrong.join('\n')).toMatch(/twice or out of its place|was written at/);
});

test('an unknown write that is done after a later one is found', async () => {
  const waiting = new Map<string, Batch>();
  let late = 0;
  const result = await run((store) => {
    const { commit = store.commit } = sometimes(store, (changes) => {
      waiting.set((changes[0] as Change).key, changes);
      return timeout();
    })(store);
    return {
      commit: async (changes, options) => {
        const outcomes = await commit(changes, options);
        for (const [index, { key }] of changes.entries()) {
          const held = waiting.get(key);
          if (held === undefined || outcomes[index]?.ok !== true) continue;
          waiting.delete(key);
          await store.commit(held);
          late++;
        }
        return outcomes;
      },
    };
  });
  expect(late).toBeGreaterThan(0);
  expect(result.wrong.join('\n')).toMatch(/out of its place/);
});

test('revisions that do not grow are found', async () => {
  const result = await run((store) =>
    sometimes(store, async (changes, commit) => {
      await commit(changes);
      return [{ ok: true, revision: 1 }];
    })(store),
  );
  expect(result.wrong.join('\n')).toContain('after another writer was given');
});

test('a watch that omits a required event is found', async () => {
  const result = await run(retold((key) => (key.endsWith('-2') ? 'drop' : 'keep')));
  expect(result.wrong).toContain('what the watch told is not what the store lists');
});

test('a watch that delivers an event twice is found', async () => {
  const result = await run(retold((_key, count) => (count % EVERY === 0 ? 'twice' : 'keep')));
  expect(result.wrong.join('\n')).toMatch(/an event of (\d+) came after one of \1/);
});

test('a watch that ends unexpectedly is found', async () => {
  const result = await run((store) => ({
    watch: (prefix, options) => ({
      async *[Symbol.asyncIterator]() {
        for await (const batch of store.watch(prefix, options)) {
          yield batch;
          return;
        }
      },
    }),
  }));
  expect(result.wrong).toContain('the watch has ended unexpectedly');
});

test('an outage that is reported as something else is found', async () => {
  const result = run((store) =>
    sometimes(store, async () => {
      throw new Error('socket hang up');
    })(store),
  );
  expect((await result).wrong.join('\n')).toContain('an outage was reported as Error: socket hang up');
});
