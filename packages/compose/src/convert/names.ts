import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';
import type { Cursor } from '../model/cursor.ts';

/** Maximum length of a service name in Gantry, and of a host name. */
const MAX_NAME = 63;
const HASH_DIGITS = 8;

/** Converts a text to a DNS label: characters other than letters and digits become dashes. */
export function toDnsLabel(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

export function isDnsLabel(text: string): boolean {
  return text.length <= MAX_NAME && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/**
 * Whether the core accepts a name as an alias. Less strict than a DNS label, since the engines' resolvers accept more,
 * such as `my_db`.
 */
export function isHostName(text: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(text);
}

/**
 * Host name for a name with other letters, as resolvers encode it (`größe` is `xn--gre-6ka8i`); undefined if there is
 * none.
 */
export function encodedHostName(text: string): string | undefined {
  const encoded = domainToASCII(text);
  return isHostName(encoded) && encoded !== text.toLowerCase() ? encoded : undefined;
}

/** Name of the stack for a project name, as used in the label `gantry.stack` and in names of objects. */
export function stackName(projectName: string): string {
  return toDnsLabel(projectName);
}

/**
 * Returns `<stack>-<key>` for each key, as a DNS label of at most 63 characters. A name that is too long, that is not
 * unique, or whose key has no letters or digits ends in a hash of the key. The order of the keys does not matter.
 */
export function uniqueNames(stack: string, keys: Iterable<string>): ReadonlyMap<string, string> {
  const all = [...keys];
  const plain = (key: string): string => `${stack}-${toDnsLabel(key)}`;
  const counts = new Map<string, number>();
  for (const key of all) counts.set(plain(key), (counts.get(plain(key)) ?? 0) + 1);
  return new Map(
    all.map((key) => {
      const name = plain(key);
      const isAlone = counts.get(name) === 1 || name === `${stack}-${key}`;
      const fits = name.length <= MAX_NAME && toDnsLabel(key) !== '';
      return [key, isAlone && fits ? name : shortened(name, key)];
    }),
  );
}

/**
 * Shortens a name and appends a hash of it and `key`, so that it is stable and differs from others with the same
 * beginning.
 */
export function shortened(name: string, key: string): string {
  const hash = createHash('sha256').update(`${name}/${key}`).digest('hex').slice(0, HASH_DIGITS);
  const kept = name.slice(0, MAX_NAME - HASH_DIGITS - 1).replace(/-+$/, '');
  return `${kept}-${hash}`;
}

/** Names of the active services. */
export function serviceNames(
  stack: string,
  services: ReadonlyMap<string, Cursor>,
): ReadonlyMap<string, string> {
  return uniqueNames(stack, services.keys());
}
