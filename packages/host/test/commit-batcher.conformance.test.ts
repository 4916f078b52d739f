import { GantryError, type Store } from '@gantry/core';
import type { Change, Outcome } from '@gantry/core/contracts';
import { MemoryStore } from '@gantry/store-memory';
import { storeKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { describe, expect, test } from 'vitest';
import { CommitBatcher } from '../src/commit-batcher.ts';
import { leaderStore } from '../src/leader-store.ts';

const put = (key: string, value: string | number = 1): Change => ({ key, value });

/** A batcher over a memory store, with the keys of each commit that the store has received. */
function batching(commit?: Store['commit']) {
  const store = new MemoryStore();
  const batches: string[][] = [];
  const batcher = new CommitBatcher(async (changes, options) => {
    batches.push(changes.map(({ key }) => key));
    return await (commit ?? store.commit.bind(store))(changes, options);
  });
  return { store, batches, batcher };
}

describe('commits that are made at the same moment', () => {
  test('are written together, and each caller receives the outcomes of its own changes', async () => {
    const { batcher, batches, store } = batching();
    await store.commit([put('taken', 0)]);
    const outcomes = await Promise.all([
      batcher.commit([put('a'), put('b')]),
      batcher.commit([{ key: 'taken', value: 1, expect: 'absent' }]),
      batcher.commit([put('c')]),
      batcher.commit([]),
    ]);
    expect(batches).toEqual([['a', 'b', 'taken', 'c']]);
    expect(outcomes.map((one) => one.map(({ ok }) => ok))).toEqual([[true, true], [false], [true], []]);
    expect(outcomes[1]?.[0]).toMatchObject({ current: { key: 'taken', value: 0 } });
  });

  test('are written in the order of their calls where they have a key in common', async () => {
    const { batcher, batches, store } = batching();
    const [first, second] = await Promise.all([
      batcher.commit([{ key: 'a', value: 1, expect: 'absent' }, put('b')]),
      batcher.commit([{ key: 'a', value: 2, expect: 'absent' }]),
    ]);
    expect(batches).toEqual([['a', 'b'], ['a']]);
    expect([first?.[0]?.ok, second?.[0]?.ok]).toEqual([true, false]);
    expect((await store.get('a'))?.value).toBe(1);
  });

  test('make batches of at most 5,000 changes; a commit of more is written alone, after those before it', async () => {
    const { batcher, batches } = batching();
    const many = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, index) => put(`${prefix}${index}`));
    await Promise.all([
      batcher.commit(many(3000, 'a')),
      batcher.commit(many(3000, 'b')),
      batcher.commit(many(6000, 'c')),
    ]);
    expect(batches.map(({ length }) => length)).toEqual([3000, 3000, 6000]);
  });

  test('are not waited for by those of later moments', async () => {
    const answers: ((outcomes: readonly Outcome[]) => void)[] = [];
    const { batcher, batches } = batching(() => new Promise((resolve) => answers.push(resolve)));
    const first = batcher.commit([put('a')]);
    await Promise.resolve();
    const second = batcher.commit([put('b')]);
    await Promise.resolve();
    expect(batches).toEqual([['a'], ['b']]);
    answers[1]?.([{ ok: true, revision: 2 }]);
    expect(await second).toEqual([{ ok: true, revision: 2 }]);
    answers[0]?.([{ ok: true, revision: 1 }]);
    expect(await first).toEqual([{ ok: true, revision: 1 }]);
  });
});

describe('a failed batch', () => {
  const failing = (error: unknown) => {
    const store = new MemoryStore();
    return batching(async (changes, options) => {
      if (changes.some(({ key }) => key === 'bad')) throw error;
      return await store.commit(changes, options);
    });
  };
  const invalid = new GantryError('INVALID_OBJECT', 'too long');

  test.each([
    ['INVALID_OBJECT', invalid],
    ['EXHAUSTED', new GantryError('EXHAUSTED', 'full')],
    ['FORBIDDEN', new GantryError('FORBIDDEN', 'denied')],
    ['a TypeError', new TypeError('not JSON')],
  ])('is written commit by commit after %s, so that only the cause fails', async (_what, error) => {
    const { batcher, batches } = failing(error);
    const results = await Promise.allSettled(['a', 'bad', 'b'].map((key) => batcher.commit([put(key)])));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: error });
    expect(batches).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
  });

  test.each(['UNAVAILABLE', 'TIMEOUT', 'FENCED', 'CLOSED'] as const)(
    'fails as a whole after %s, and no commit is sent twice',
    async (code) => {
      const { batcher, batches } = failing(new GantryError(code, 'no'));
      const results = await Promise.allSettled(['a', 'bad'].map((key) => batcher.commit([put(key)])));
      expect(results).toMatchObject([{ reason: { code } }, { reason: { code } }]);
      expect(batches).toHaveLength(1);
    },
  );
});

describe('the signal of a commit', () => {
  test('rejects its commit and no other if it fires while the batch is written', async () => {
    let answer: (outcomes: readonly Outcome[]) => void = () => {};
    const { batcher } = batching(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const stop = new AbortController();
    const aborted = batcher.commit([put('a')], { signal: stop.signal });
    const other = batcher.commit([put('b')], { signal: new AbortController().signal });
    await Promise.resolve();
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    answer([
      { ok: true, revision: 1 },
      { ok: true, revision: 1 },
    ]);
    expect(await other).toEqual([{ ok: true, revision: 1 }]);
  });

  test('keeps the changes out of the batch if it has fired before', async () => {
    const { batcher, batches } = batching();
    const aborted = batcher.commit([put('a')], { signal: AbortSignal.abort() });
    await Promise.all([
      expect(aborted).rejects.toMatchObject({ code: 'ABORTED' }),
      batcher.commit([put('b')]),
    ]);
    expect(batches).toEqual([['b']]);
  });
});

conformance(storeKit, 'the store of a leader', () => {
  const store = new MemoryStore();
  const subject = { ...leaderStore(store), [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  return { subject: { store: subject }, close: () => store[Symbol.asyncDispose]() };
});
