import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';
import type { Cursor } from '../model/cursor.ts';

/** Longest name of a service of Gantry, and of a host. */
const MAX_NAME = 63;
const HASH_DIGITS = 8;

/** What is no letter or digit becomes a dash. */
export function toDnsLabel(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

export function isDnsLabel(text: string): boolean {
  return text.length <= MAX_NAME && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/** Whether the core takes a name as an alias: laxer than a DNS label, for the engines' resolvers answer to more, as `my_db`. */
export function isHostName(text: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(text);
}

/** The host name of a name with other letters, as resolvers encode it (`größe` is `xn--gre-6ka8i`); undefined if there is none. */
export function encodedHostName(text: string): string | undefined {
  const encoded = domainToASCII(text);
  return isHostName(encoded) && encoded !== text.toLowerCase() ? encoded : undefined;
}

/** The name of a stack, as it stands in the label `gantry.stack` and in names of objects, for the name of a project. */
export function stackName(projectName: string): string {
  return toDnsLabel(projectName);
}

/**
 * `<stack>-<key>` for each key, as a DNS label of at most 63 characters. A name that is longer, that another key has too,
 * or that has no letter or digit of its key ends in a hash of the key. The order of the keys makes no difference.
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

/** A name that ends in a hash of itself and `key`, so that it stays the same and differs from others that begin alike. */
export function shortened(name: string, key: string): string {
  const hash = createHash('sha256').update(`${name}/${key}`).digest('hex').slice(0, HASH_DIGITS);
  const kept = name.slice(0, MAX_NAME - HASH_DIGITS - 1).replace(/-+$/, '');
  return `${kept}-${hash}`;
}

/** Names of the services in force. */
export function serviceNames(
  stack: string,
  services: ReadonlyMap<string, Cursor>,
): ReadonlyMap<string, string> {
  return uniqueNames(stack, services.keys());
}
