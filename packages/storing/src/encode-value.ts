import { GantryError } from '@gantry/core';

const MAX_DEPTH = 100;
/** The most bytes that one character of JSON text takes in UTF-8. */
const BYTES_PER_CHARACTER = 3;

/**
 * Returns the JSON text of a value, for a store that keeps text.
 *
 * @throws `TypeError` naming the path of a value that is not JSON; `INVALID_OBJECT` if the text is longer than
 * `maxBytes`.
 */
export function encodeValue(key: string, value: unknown, maxBytes: number): string {
  if (!isJson(value, 0)) throw notJson(value);
  const text = JSON.stringify(value);
  if (text.length * BYTES_PER_CHARACTER <= maxBytes) return text;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= maxBytes) return text;
  const message = `the value of "${key}" has ${bytes} bytes; this store takes at most ${maxBytes}`;
  throw new GantryError('INVALID_OBJECT', message, { details: { key, bytes, maxBytes } });
}

/** Whether JSON can say it all. Walks without keeping a path, since nearly always it can. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (const part of value) if (!isJson(part, depth + 1)) return false;
    return true;
  }
  if (!isPlain(value)) return false;
  for (const name in value) {
    const part = (value as Record<string, unknown>)[name];
    if (part !== undefined && !isJson(part, depth + 1)) return false;
  }
  return true;
}

/** An object literal, also one of another realm, or an object without a prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Returns an error that names the value that JSON cannot represent, and its path. */
function notJson(value: unknown): TypeError {
  let path = '';
  let part = value;
  for (let depth = 0; typeof part === 'object' && part !== null; depth++) {
    if (depth === MAX_DEPTH || !(Array.isArray(part) || isPlain(part))) break;
    const list = Array.isArray(part);
    const parts: readonly [string | number, unknown][] = Array.isArray(part)
      ? [...part.entries()]
      : Object.entries(part);
    const wrong = parts.find(([, each]) => (list || each !== undefined) && !isJson(each, depth + 1));
    if (wrong === undefined) break;
    path += list ? `[${wrong[0]}]` : `.${wrong[0]}`;
    part = wrong[1];
  }
  return new TypeError(
    `a stored value must be JSON: found ${nameOf(part)}${path === '' ? '' : ` at ${path}`}`,
  );
}

function nameOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return typeof value;
  if (Array.isArray(value) || isPlain(value))
    return `a value nested over ${MAX_DEPTH} levels deep (or a cycle)`;
  return `a ${value.constructor?.name ?? 'class instance'}`;
}
