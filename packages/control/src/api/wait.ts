import {
  aborted,
  type Clock,
  GantryError,
  type Kind,
  type KindMap,
  type View,
  type WaitOptions,
} from '@gantry/core';
import { present } from './present.ts';

type Condition<K extends Kind> = string | ((object: KindMap[K]) => boolean);

/** Resolves once the condition holds for the object; an object that does not exist yet is waited for. */
export function waitFor<K extends Kind>(
  view: View<K>,
  clock: Clock,
  name: string,
  condition: Condition<K>,
  { timeoutMs, signal }: WaitOptions,
): Promise<KindMap[K] | undefined> {
  return new Promise((resolve, reject) => {
    let last: KindMap[K] | undefined;
    const check = (): void => {
      const entry = view.get(name);
      if (entry !== undefined) last = present(entry);
      try {
        if (
          condition === 'deleted'
            ? entry === undefined
            : last !== undefined && entry !== undefined && holds(last, condition)
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
        : clock.after(timeoutMs, () => done(() => reject(late(view.kind, name, condition, last, timeoutMs))));
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

function holds<K extends Kind>(object: KindMap[K], condition: Exclude<Condition<K>, 'deleted'>): boolean {
  if (typeof condition === 'function') return condition(object);
  const status =
    'status' in object ? (object.status as { conditions?: unknown; observedGeneration?: number }) : undefined;
  // A statement about an earlier generation says nothing about what was asked for last.
  if (status?.observedGeneration !== undefined && status.observedGeneration < object.meta.generation)
    return false;
  const conditions = Array.isArray(status?.conditions)
    ? (status.conditions as { type: string; status: string }[])
    : [];
  return conditions.some(({ type, status: value }) => type === condition && value === 'true');
}

function late(kind: string, name: string, condition: unknown, last: unknown, timeoutMs: number): GantryError {
  const what = typeof condition === 'string' ? condition : 'what was waited for';
  const state = last === undefined ? 'it does not exist' : `last seen: ${JSON.stringify(statusOf(last))}`;
  return new GantryError(
    'TIMEOUT',
    `${kind} ${name}: ${what} did not come true in ${timeoutMs} ms; ${state}`,
  );
}

function statusOf(object: unknown): unknown {
  const status = (object as { status?: Record<string, unknown> }).status;
  if (status === undefined) return undefined;
  const { conditions: _long, history: _longer, ...rest } = status;
  return rest;
}
