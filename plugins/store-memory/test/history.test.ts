import { isGantryError } from '@gantry/core';
import { expect, test } from 'vitest';
import { MemoryStore } from '../src/memory-store.ts';

/** Revision of the first event after `since` that the store remembers; undefined if it has forgotten some. */
async function firstAfter(store: MemoryStore, since: number): Promise<number | undefined> {
  const left = new AbortController();
  try {
    for await (const [event] of store.watch('', { since, signal: left.signal })) return event?.revision;
  } catch (error) {
    if (isGantryError(error, 'COMPACTED')) return undefined;
    throw error;
  } finally {
    left.abort();
  }
  throw new Error('the watch ended');
}

test('large values are forgotten by their size, however few they are', async () => {
  await using store = new MemoryStore({ historyBytes: 100_000 });
  for (let n = 0; n < 50; n++)
    await store.commit([{ key: 'services/web', value: { spec: { text: `${n}`.padEnd(10_000, 'x') } } }]);
  expect(await firstAfter(store, 35)).toBe(undefined);
  expect(await firstAfter(store, 45)).toBe(46);
});

test('parts that a value shares with its predecessor are not counted', async () => {
  await using store = new MemoryStore({ historyBytes: 100_000 });
  const spec = { text: 'x'.repeat(10_000) };
  for (let n = 0; n < 50; n++) await store.commit([{ key: 'services/web', value: { spec, n } }]);
  expect(await firstAfter(store, 1)).toBe(2);
});
