import { GantryError } from '../errors.ts';
import type { Kind, KindMap } from '../model/kind-map.ts';

/** What `ClusterApi.wait` waits for, once the object is there: a function, or the type of a condition. */
export type WaitCondition<K extends Kind> = string | ((object: KindMap[K]) => boolean);

interface WithStatus {
  readonly meta: { readonly generation: number };
  readonly status?: {
    readonly conditions?: unknown;
    readonly observedGeneration?: number;
    readonly progress?: { readonly state: string };
  };
}

/**
 * Whether a condition holds for an object: one of its conditions is true, or its progress is in this state (`Stable`,
 * `Complete`, `Failed`, `Progressing`). A statement about an earlier generation does not count.
 */
export function conditionHolds<K extends Kind>(object: KindMap[K], condition: WaitCondition<K>): boolean {
  if (typeof condition === 'function') return condition(object);
  const { status, meta } = object as WithStatus;
  if (status?.observedGeneration !== undefined && status.observedGeneration < meta.generation) return false;
  const conditions = Array.isArray(status?.conditions)
    ? (status.conditions as readonly { readonly type: string; readonly status: string }[])
    : [];
  if (status?.progress !== undefined && status.progress.state === condition.toLowerCase()) return true;
  return conditions.some(({ type, status: value }) => type === condition && value === 'true');
}

/** Returns a `TIMEOUT` error that names the condition waited for and the last state seen. */
export function waitedTooLong(
  what: { readonly kind: string; readonly id: string; readonly condition: unknown },
  last: unknown,
  timeoutMs: number,
): GantryError {
  const { kind, id, condition } = what;
  const goal = typeof condition === 'string' ? condition : 'what was waited for';
  const state = last === undefined ? 'it does not exist' : `last seen: ${JSON.stringify(statusOf(last))}`;
  const unknown =
    typeof condition === 'string' && last !== undefined ? unknownCondition(last, condition) : '';
  return new GantryError(
    'TIMEOUT',
    `${kind} ${id}: ${goal} did not become true in ${timeoutMs} ms${unknown}; ${state}`,
  );
}

const ALWAYS: ReadonlySet<string> = new Set(['deleted', 'Published', 'Degraded']);

/** Says so if an object has no condition of this type. */
function unknownCondition(object: unknown, condition: string): string {
  const { status } = object as WithStatus;
  if (ALWAYS.has(condition) || !Array.isArray(status?.conditions)) return '';
  const types = (status.conditions as readonly { readonly type: string }[]).map(({ type }) => type);
  const known = status.progress === undefined ? types : [...types, ...PROGRESS];
  return known.includes(condition) ? '' : ` (there is no such condition; it has ${known.join(', ')})`;
}

const PROGRESS: readonly string[] = Object.freeze(['Progressing', 'Stable', 'Complete', 'Failed']);

function statusOf(object: unknown): unknown {
  const { status } = object as { readonly status?: Readonly<Record<string, unknown>> };
  if (status === undefined) return undefined;
  const { conditions: _long, history: _longer, ...rest } = status;
  return rest;
}
