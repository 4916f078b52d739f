import { storeKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { MemoryStore } from '../src/memory-store.ts';

const HISTORY = 5000;

conformance(storeKit, 'store-memory', () => {
  const store = new MemoryStore({ history: HISTORY });
  const forget = async (): Promise<void> => {
    const changes = Array.from({ length: HISTORY }, (_, index) => ({ key: 'filler/x', value: index }));
    await store.commit(changes);
  };
  return { subject: { store, forget }, close: () => store[Symbol.asyncDispose]() };
});
