import { splitPair } from '../input/key-values.ts';
import { readDuration } from '../output/duration.ts';
import { usage } from '../output/problem.ts';

/** Parses a duration in Docker's (Go's) notation, such as `1m30s` or `500ms`, to ms. */
export function duration(text: string, flag: string): number {
  const ms = readDuration(text);
  if (ms === undefined) throw usage(`${flag}: expected a duration such as 10s or 1m30s, got "${text}"`);
  return ms;
}

const BYTES: Readonly<Record<string, number>> = Object.freeze({
  '': 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
});

/** Parses an amount of bytes in Docker's notation: `64m`, `1.5g`, `1gb`; every unit is a power of 1024. */
export function bytes(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text);
  if (match === null) throw usage(`${flag}: expected bytes such as 64m or 1g, got "${text}"`);
  return Math.floor(Number(match[1]) * (BYTES[(match[2] ?? '').toLowerCase()] as number));
}

/** Parses cores in Docker's notation, such as `0.5`, to millicores. */
export function cores(text: string, flag: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw usage(`${flag}: expected cores such as 0.5, got "${text}"`);
  return Math.round(Number(text) * 1000);
}

export function count(text: string, flag: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`${flag}: expected a whole number, got "${text}"`);
  return Number(text);
}

/** Parses a ratio such as `0.25`. */
export function ratio(text: string, flag: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0 && value <= 1))
    throw usage(`${flag}: expected a number from 0 to 1, got "${text}"`);
  return value;
}

export function oneOf<T extends string>(text: string, flag: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw usage(`${flag}: expected one of ${choices.join(', ')}, got "${text}"`);
  return found;
}

/** Parses `KEY=VALUE` pairs; the value may be omitted and is then empty. */
export function pairs(words: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [key, value = ''] = splitPair(word);
      return [key, value];
    }),
  );
}

/** Parses `type=bind,source=/a,readonly` to fields. */
export function csvFields(text: string, flag: string): ReadonlyMap<string, string | undefined> {
  const fields = new Map<string, string | undefined>();
  for (const part of text.split(',')) {
    const [key, value] = splitPair(part.trim());
    if (key === '') throw usage(`${flag}: expected KEY=VALUE,…, got "${text}"`);
    fields.set(key.toLowerCase(), value);
  }
  return fields;
}

/** Rejects unknown fields, so that none is ignored silently. */
export function refuseUnknown(
  fields: ReadonlyMap<string, string | undefined>,
  known: readonly string[],
  flag: string,
): void {
  const unknown = [...fields.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) throw usage(`${flag}: "${unknown}" is not supported, only ${known.join(', ')}`);
}
