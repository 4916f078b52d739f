import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Format of a token's secret; the prefix lets scanners for leaked secrets recognize it. */
export const SECRET = /^gantry_[A-Za-z0-9_-]{32,200}$/;

/** Returns a new secret of 256 random bits. */
export function newSecret(): string {
  return `gantry_${randomBytes(32).toString('base64url')}`;
}

/** Returns a new token ID, under which the token is stored and shown. */
export function newTokenId(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Hashes a secret for storage. The secret has as many random bits as the hash, so a plain SHA-256 is as safe as a slow
 * hash.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares two hashes in constant time. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}
