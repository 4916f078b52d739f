import { checkKey } from '@gantry/storing';

/** A dot that a subject could not bear: at either end of the key, or behind another dot. */
const LONELY_DOT = /^\.|(?<=\.)\.|\.$/g;
const DOT = '=2E';

/**
 * Keys of the store as keys of a NATS bucket. They look alike, except that a dot is `=2E` where NATS would see an empty
 * token: at the beginning, at the end, and behind another dot.
 */
export function encodeKey(key: string): string {
  return key.includes('.') ? key.replace(LONELY_DOT, DOT) : key;
}

/** The key of the store that is so written; undefined where it is one that no store has written. */
export function decodeKey(encoded: string): string | undefined {
  const key = encoded.includes('=') ? encoded.replaceAll(DOT, '.') : encoded;
  try {
    checkKey(key);
  } catch {
    return undefined;
  }
  return encodeKey(key) === encoded ? key : undefined;
}
