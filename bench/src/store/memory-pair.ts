import { memoryStore } from '@gantry/store-memory';
import type { Pair } from './side.ts';
import { storeSide } from './store-side.ts';

/** The store in memory; there is no engine below it. */
export async function memoryPair(): Promise<Pair> {
  const store = await storeSide(memoryStore());
  return { store, raw: undefined, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}
