/** Deeply freezes a value that was parsed from JSON, and returns it. */
export function freezeJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freezeJson(part);
  return Object.freeze(value);
}
