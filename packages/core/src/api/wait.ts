import { GantryError } from '../errors.ts';
import type { Kind, KindMap } from '../model/kinds.ts';

/** What `ClusterApi.wait` waits for, once the object is there: a function, or the type of a condition. */
export type WaitCondition<K extends Kind> = string | ((object: KindMap[K]) => boolean);

interface WithStatus {
  readonly meta: { readonly generation: number };
  readonly status?: { readonly conditions?: unknown; readonly observedGeneration?: number };
}

/** Whether a condition holds for an object. A statement about an earlier generation says nothing of what was asked for last. */
export function conditionHolds<K extends Kind>(object: KindMap[K], condition: WaitCondition<K>): boolean {
  if (typeof condition === 'function') return condition(object);
  const { status, meta } = object as WithStatus;
  if (status?.observedGeneration !== undefined && status.observedGeneration < meta.generation) return false;
  const conditions = Array.isArray(status?.conditions)
    ? (status.conditions as readonly { readonly type: string; readonly status: string }[])
    : [];
  return conditions.some(({ type, status: value }) => type === condition && value === 'true');
}

/** `TIMEOUT`, which tells what was waited for and the state that was seen last. */
export function waitedTooLong(
  what: { readonly kind: string; readonly id: string; readonly condition: unknown },
  last: unknown,
  timeoutMs: number,
): GantryError {
  const { kind, id, condition } = what;
  const goal = typeof condition === 'string' ? condition : 'what was waited for';
  const state = last === undefined ? 'it does not exist' : `last seen: ${JSON.stringify(statusOf(last))}`;
  return new GantryError('TIMEOUT', `${kind} ${id}: ${goal} did not come true in ${timeoutMs} ms; ${state}`);
}

function statusOf(object: unknown): unknown {
  const { status } = object as { readonly status?: Readonly<Record<string, unknown>> };
  if (status === undefined) return undefined;
  const { conditions: _long, history: _longer, ...rest } = status;
  return rest;
}
