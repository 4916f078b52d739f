import { storeKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { LmdbStore } from '../src/lmdb-store.ts';
import { scratchFolder } from './scratch-folder.ts';

const HISTORY = 5000;

conformance(
  storeKit,
  'store-lmdb',
  async () => {
    const { path, remove } = scratchFolder('memory');
    const open = async (): Promise<LmdbStore> => {
      const store = new LmdbStore({ path, history: HISTORY });
      await store.start(new AbortController().signal);
      return store;
    };
    let store = await open();
    const forget = async (): Promise<void> => {
      const changes = Array.from({ length: HISTORY }, (_, index) => ({ key: 'filler/x', value: index }));
      await store.commit(changes);
    };
    const restart = async (): Promise<LmdbStore> => {
      await store[Symbol.asyncDispose]();
      store = await open();
      return store;
    };
    const close = async (): Promise<void> => {
      await store[Symbol.asyncDispose]();
      remove();
    };
    return { subject: { store, forget, restart }, close };
  },
  { patienceMs: 8000 },
);
