import { aborted, type Clock } from '@gantry/core';
import { conditionHolds, type WaitOptions, waitedTooLong } from '@gantry/core/api';
import type { View } from '@gantry/core/contracts';
import type { Kind, KindMap, KindTable } from '@gantry/core/model';
import { present } from './present.ts';

/** Resolves once the condition holds for the object; also waits for an object that does not exist yet. */
export function waitFor<K extends Kind>(
  view: View<K>,
  kinds: KindTable,
  clock: Clock,
  name: string,
  condition: string | ((object: KindMap[K]) => boolean),
  { timeoutMs, signal }: WaitOptions,
): Promise<KindMap[K] | undefined> {
  return new Promise((resolve, reject) => {
    let last: KindMap[K] | undefined;
    const check = (): void => {
      const entry = view.get(name);
      if (entry !== undefined) last = present(entry, kinds);
      try {
        if (
          condition === 'deleted'
            ? entry === undefined
            : last !== undefined && entry !== undefined && conditionHolds(last, condition)
        ) {
          done(() => resolve(last));
        }
      } catch (error) {
        done(() => reject(error));
      }
    };
    const unsubscribe = view.subscribe((events) => {
      if (events.some((event) => event.name === name)) check();
    });
    const onAbort = (): void => done(() => reject(aborted(signal as AbortSignal)));
    const cancel =
      timeoutMs === undefined
        ? () => {}
        : clock.after(timeoutMs, () =>
            done(() => reject(waitedTooLong({ kind: view.kind, id: name, condition }, last, timeoutMs))),
          );
    const done = (settle: () => void): void => {
      unsubscribe();
      cancel();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    check();
  });
}
