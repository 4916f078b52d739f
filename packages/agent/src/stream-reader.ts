import type { Clock } from '@gantry/core';
import type { StreamRead } from '@gantry/core/protocol';

/** A reader that asks finds something within this time, ms, or an empty answer. */
export const LONG_POLL_MS = 10_000;

/** Turns an iterator into reads that wait for at most {@link LONG_POLL_MS} and take along what is available. */
export function streamReader<Batch, Item>(
  iterator: AsyncIterator<Batch>,
  clock: Clock,
  itemsOf: (batch: Batch) => readonly Item[],
): () => Promise<StreamRead<Item>> {
  let coming: Promise<IteratorResult<Batch>> | undefined;
  return async () => {
    coming ??= iterator.next();
    const first = (await within(coming, clock))?.value;
    if (first === undefined) return { items: [], done: false };
    coming = undefined;
    if (first.done === true) return { items: [], done: true };
    return { items: itemsOf(first.value), done: false };
  };
}

/** The value of a promise, or undefined if it takes longer than `ms`. */
export async function within<T>(
  promise: Promise<T>,
  clock: Clock,
  ms = LONG_POLL_MS,
): Promise<{ readonly value: T } | undefined> {
  const late = new AbortController();
  const nothing = clock.sleep(ms, late.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([promise.then((value) => ({ value })), nothing]);
  } finally {
    late.abort();
  }
}
