import type { Issue } from '../errors.ts';

/**
 * Says what is wrong with a value, or nothing. These checks replace schemas where a message carries thousands of objects:
 * they create nothing as long as all is well.
 */
export type Check = (value: unknown) => Issue | undefined;

const problem = (message: string): Issue => ({ path: '', message });

/** A problem of a part, as one of the whole. */
export function problemAt(at: string, found: Issue | undefined): Issue | undefined {
  if (found === undefined) return undefined;
  const { path, message } = found;
  const separator = path === '' || path.startsWith('[') ? '' : '.';
  return { path: `${at}${separator}${path}`, message };
}

/** Text of at most `max` characters, without NUL unless `nul` allows it. */
export function text(max: number, { nul = false } = {}): Check {
  return (value) => {
    if (typeof value !== 'string') return problem('expected text');
    if (value.length > max) return problem(`expected at most ${max} characters, got ${value.length}`);
    return !nul && value.includes('\0') ? problem('must not contain NUL') : undefined;
  };
}

export function matching(pattern: RegExp, what: string): Check {
  return (value) =>
    typeof value === 'string' && value.length <= 512 && pattern.test(value)
      ? undefined
      : problem(`expected ${what}`);
}

export const flag: Check = (value) =>
  typeof value === 'boolean' ? undefined : problem('expected true or false');

/** A whole number from `min` to `max`; with `fractions`, any number that is finite. */
export function whole(min: number, max: number, { fractions = false } = {}): Check {
  return (value) => {
    const fits = typeof value === 'number' && value >= min && value <= max;
    if (fits && (fractions ? Number.isFinite(value) : Number.isInteger(value))) return undefined;
    return problem(`expected a ${fractions ? '' : 'whole '}number from ${min} to ${max}`);
  };
}

/** One of the words of a union; a word that is missing or too many does not compile. */
export function oneOf<T extends string>(words: { readonly [K in T]: true }): Check {
  const names = Object.keys(words);
  const known: ReadonlySet<unknown> = new Set(names);
  return (value) => (known.has(value) ? undefined : problem(`expected one of ${names.join(', ')}`));
}

export function optional(check: Check): Check {
  return (value) => (value === undefined ? undefined : check(value));
}

export function listOf(check: Check, max: number): Check {
  return (value) => {
    if (!Array.isArray(value)) return problem('expected a list');
    if (value.length > max) return problem(`expected at most ${max} entries, got ${value.length}`);
    for (let index = 0; index < value.length; index++) {
      const found = check(value[index]);
      if (found !== undefined) return problemAt(`[${index}]`, found);
    }
    return undefined;
  };
}

/** An object with any keys that fit. */
export function recordOf(key: Check, check: Check, max: number): Check {
  return (value) => {
    if (!isObject(value)) return problem('expected an object');
    let count = 0;
    for (const each of Object.keys(value)) {
      if (++count > max) return problem(`expected at most ${max} entries`);
      const found =
        each === '__proto__' ? problem('not allowed as a key') : (key(each) ?? check(value[each]));
      if (found !== undefined) return problemAt(each.slice(0, 80), found);
    }
    return undefined;
  };
}

/** An object of these fields, all of which are checked. A field that is not listed here does not compile. */
export function shape<T>(fields: { readonly [K in keyof Required<T>]: Check }): Check {
  const names = Object.keys(fields);
  const checks = names.map((name) => fields[name as keyof T]);
  const optionals = checks.map((check) => check(undefined) === undefined);
  return (value) => {
    if (!isObject(value)) return problem('expected an object');
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string;
      const field = value[name];
      if (field === undefined && optionals[index] === true) continue;
      const found = (checks[index] as Check)(field);
      if (found !== undefined) return problemAt(name, found);
    }
    return undefined;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
