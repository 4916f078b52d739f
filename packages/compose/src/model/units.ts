const DURATION_MS: Readonly<Record<string, number>> = Object.freeze({
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
});

/** Parses `1m30s`, `500ms` or `1.5h` to ms, rounded up; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(amount) * (DURATION_MS[(unit as string).replace('µ', 'u')] as number);
  }
  return Math.ceil(sum);
}

const BYTES: Readonly<Record<string, number>> = Object.freeze({
  '': 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
});

/** Parses `512M`, `1.5g`, `64kb` or `1024` to bytes; as in Docker, every unit is a power of 1024. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim());
  const unit = match?.[2]?.toLowerCase();
  if (match === null || unit === undefined) return undefined;
  return Math.floor(Number(match[1]) * (BYTES[unit] as number));
}
