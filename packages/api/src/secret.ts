import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a token looks like: the prefix lets scanners of leaked secrets find it. */
export const SECRET = /^gantry_[A-Za-z0-9_-]{32,200}$/;

/** A new secret, of 256 random bits. */
export function newSecret(): string {
  return `gantry_${randomBytes(32).toString('base64url')}`;
}

/** A new name for a token, by which it is stored and shown. */
export function newTokenId(): string {
  return randomBytes(8).toString('hex');
}

/** What is kept of a secret. It is as random as the hash is long, so that a plain SHA-256 is as good as a slow hash. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares two hashes in a time that says nothing about where they differ. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}
