import { checkKey } from '@gantry/storing';

/** A dot that a subject cannot contain: at either end of the key, or after another dot. */
const LONELY_DOT = /^\.|(?<=\.)\.|\.$/g;
const DOT = '=2E';

/**
 * Encodes a key of the store as a key of a NATS bucket. They look alike, except that a dot is `=2E` where NATS would
 * see an empty token: at the beginning, at the end, and after another dot.
 */
export function encodeKey(key: string): string {
  return key.includes('.') ? key.replace(LONELY_DOT, DOT) : key;
}

/** Decodes a key of a bucket; undefined if no store has written it. */
export function decodeKey(encoded: string): string | undefined {
  const key = encoded.includes('=') ? encoded.replaceAll(DOT, '.') : encoded;
  try {
    checkKey(key);
  } catch {
    return undefined;
  }
  return encodeKey(key) === encoded ? key : undefined;
}
