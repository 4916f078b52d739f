import { GantryError } from '@gantry/core';
import type { CaseContext } from './kit.ts';

const ASK_AGAIN_MS = 5;

/** Uses real time on purpose: it guards against subjects that never answer, regardless of the clock they were given. */
export function patience(patienceMs: number, signal: AbortSignal): CaseContext {
  const within = async <T>(promise: PromiseLike<T>, what: string): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new GantryError('TIMEOUT', `waited ${patienceMs} ms for ${what}`)),
        patienceMs,
      );
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const until: CaseContext['until'] = async (check, what) => {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const value = await within(Promise.resolve(check()), what);
      if (value !== undefined && value !== false) return value;
      if (performance.now() > deadline)
        throw new GantryError('TIMEOUT', `waited ${patienceMs} ms for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  };
  return { within, until, signal };
}
