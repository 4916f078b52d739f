import { usage } from '../output/problem.ts';

/** Splits `a=1` at the first `=`. */
export function splitPair(text: string): readonly [key: string, value: string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Parses `a=1 b-` as a merge patch: values to set, and `null` for keys to remove. */
export function parseChanges(words: readonly string[], what: string): Record<string, string | null> {
  const changes: Record<string, string | null> = {};
  for (const word of words) {
    const [key, value] = splitPair(word);
    if (value !== undefined && key !== '') changes[key] = value;
    else if (value === undefined && key.endsWith('-') && key.length > 1) changes[key.slice(0, -1)] = null;
    else throw usage(`expected ${what}=VALUE or ${what}-, got "${word}"`);
  }
  if (Object.keys(changes).length === 0) throw usage(`expected at least one ${what}=VALUE or ${what}-`);
  return changes;
}

/** Parses `cpu=250m,memory=64Mi`. */
export function parseAmounts(text: string, option: string): Record<string, string | number> {
  const amounts: Record<string, string | number> = {};
  for (const part of text.split(',')) {
    const [key, value] = splitPair(part);
    if (value === undefined || key === '' || value === '') {
      throw usage(`${option}: expected RESOURCE=AMOUNT,…, got "${text}"`);
    }
    // Only these two have units; the cluster takes them as text, even without a unit.
    amounts[key] = key === 'cpu' || key === 'memory' ? value : Number(value);
  }
  return amounts;
}

/** Parses a whole number. */
export function parseCount(text: string, option: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`${option}: expected a whole number, got "${text}"`);
  return Number(text);
}
