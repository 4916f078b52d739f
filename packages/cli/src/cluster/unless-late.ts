import type { Clock } from '@gantry/core';

/** Returns the result of a call, or undefined if it fails or times out; on a timeout it is aborted. */
export async function unlessLate<T>(
  clock: Clock,
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const stop = new AbortController();
  let cancel = (): void => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = clock.after(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([call(stop.signal), late]);
  } catch {
    return undefined;
  } finally {
    cancel();
    stop.abort();
  }
}
