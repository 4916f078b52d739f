import { canonicalJson } from '@gantry/core/model';

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Returns the JSON merge patch (RFC 7396) that turns one value into another: `null` removes a field, lists are replaced
 * as a whole. Undefined if the values are equal.
 */
export function mergePatchOf(before: unknown, after: unknown): unknown {
  if (!isObject(before) || !isObject(after)) {
    return canonicalJson(before) === canonicalJson(after) ? undefined : (after ?? null);
  }
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = Object.hasOwn(before, key) ? before[key] : undefined;
    const is = Object.hasOwn(after, key) ? after[key] : undefined;
    const change =
      is === undefined || is === null ? (was === undefined ? undefined : null) : mergePatchOf(was, is);
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
