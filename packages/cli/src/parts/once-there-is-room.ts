import type { Cx } from '../session.ts';

const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT'];
const RETRY_MS = 2000;

/**
 * Performs an action that needs disk space: now or, while the disk is full, in the background as soon as space is
 * available. Returns a function that stops the retries.
 *
 * @param what what is to be written, for a note to the user
 */
export async function onceThereIsRoom(
  cx: Cx,
  what: string,
  action: () => Promise<void>,
): Promise<() => Promise<void>> {
  try {
    await action();
    return async () => undefined;
  } catch (error) {
    if (!isFull(error)) throw error;
  }
  cx.warn(`${what} cannot be written: the disk is full; Gantry retries every ${RETRY_MS / 1000} s`);
  const stop = new AbortController();
  const clock = await cx.clock();
  const retries = (async () => {
    for (;;) {
      await clock.sleep(RETRY_MS, stop.signal).catch(() => undefined);
      if (stop.signal.aborted) return;
      try {
        await action();
        return cx.note(`${what} is written: there is space on the disk again`);
      } catch (error) {
        if (!isFull(error)) return cx.warn(`${what} cannot be written: ${(error as Error).message}`);
      }
    }
  })();
  return async () => {
    stop.abort();
    await retries;
  };
}

/** Whether an error means that the disk, or the user's quota, is full. */
export function isFull(error: unknown): boolean {
  return FULL.includes((error as { code?: unknown } | undefined)?.code);
}
