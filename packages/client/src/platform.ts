import { aborted, type Clock, type Random } from '@gantry/core';

/** The clock of the platform: the only place of the client that reads the time. */
export function platformClock(): Clock {
  const clock: Clock = {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(aborted(signal));
        const onAbort = (): void => {
          cancel();
          reject(aborted(signal as AbortSignal));
        };
        const cancel = clock.after(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
  return clock;
}

export function platformRandom(): Random {
  return { next: () => Math.random() };
}
