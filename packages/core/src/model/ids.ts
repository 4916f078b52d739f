import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Where an object lives that names no other namespace. */
export const DEFAULT_NAMESPACE = 'default';

/** Hex digits of the hash of a shortened name. */
const HASH_DIGITS = 12;

/**
 * A name that fits into `max` characters (at least 16): a longer one keeps its beginning and ends with `-` and 12 hex
 * digits of the SHA-256 of all of it, so that two long names stay distinct.
 */
export function shortName(name: string, max: number): string {
  if (name.length <= max) return name;
  const hash = bytesToHex(sha256(utf8ToBytes(name))).slice(0, HASH_DIGITS);
  return `${name.slice(0, max - HASH_DIGITS - 1).replace(/[^A-Za-z0-9]+$/, '')}-${hash}`;
}

/**
 * What an object is called among all of its kind: `web` in the namespace `default` (or in none, as a node), and
 * `team-a/web` in another. What refers to an object holds its id.
 */
export function idOf({
  name,
  namespace,
}: {
  readonly name: string;
  readonly namespace?: string | undefined;
}): string {
  return namespace === undefined || namespace === DEFAULT_NAMESPACE ? name : `${namespace}/${name}`;
}

/** The parts of an id; one without a slash is of the namespace `default`, if its kind has namespaces. */
export function parseId(id: string): {
  /** Namespace; `default` if the id names none. */
  readonly namespace: string;
  /** Name without the namespace. */
  readonly name: string;
} {
  const slash = id.indexOf('/');
  if (slash < 0) return { namespace: DEFAULT_NAMESPACE, name: id };
  return { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** The id of what `name` stands for beside the object `id`: a service names its networks without their namespace. */
export function idBeside(id: string, name: string): string {
  const slash = id.indexOf('/');
  return slash < 0 ? name : `${id.slice(0, slash)}/${name}`;
}
