import type { Random } from '../contracts/random.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A random identifier of lower-case letters and digits; 20 characters carry 103 bits. */
export function randomId(random: Random, length = 20): string {
  let id = '';
  for (let i = 0; i < length; i++) id += ALPHABET[Math.floor(random.next() * ALPHABET.length)];
  return id;
}
