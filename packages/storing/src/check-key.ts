const KEY = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
const MAX_LENGTH = 512;

/** Throws a `TypeError` unless this is a key of a store. */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key === 'string' && key.length <= MAX_LENGTH && KEY.test(key)) return;
  const shown = typeof key === 'string' ? JSON.stringify(key.slice(0, 80)) : typeof key;
  throw new TypeError(
    `a store key is segments of [A-Za-z0-9._-] joined by "/", of at most ${MAX_LENGTH} characters, not ${shown}`,
  );
}

/** Throws a `TypeError` unless the prefix is a possible beginning of a key. */
export function checkPrefix(prefix: unknown): asserts prefix is string {
  if (typeof prefix !== 'string') throw new TypeError('a prefix must be a string');
}

/** Throws a `TypeError` unless a watch may start there. */
export function checkSince(since: unknown): asserts since is number {
  if (Number.isSafeInteger(since) && (since as number) >= 0) return;
  throw new TypeError(`since must be a revision, not ${String(since)}`);
}
