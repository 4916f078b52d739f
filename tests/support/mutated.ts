import type { RandomJson } from '../api/support/random-json.ts';

/** The payload with one field, at any depth, replaced by something strange or removed. */
export function mutated(value: unknown, json: RandomJson): unknown {
  if (json.chance(0.1)) return json.strange();
  if (Array.isArray(value)) {
    return value.length === 0 ? [json.strange()] : value.map((each) => mutated(each, json));
  }
  if (typeof value !== 'object' || value === null) return json.strange();
  const entries = Object.entries(value);
  const at = json.pick(entries)?.[0];
  return Object.fromEntries(
    entries.flatMap(([key, each]) => {
      if (key !== at) return [[key, each]];
      return json.chance(0.2) ? [] : [[key, mutated(each, json)]];
    }),
  );
}
