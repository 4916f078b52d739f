import { usage } from './problem.ts';
import { fixed } from './quantity.ts';

const UNITS: Readonly<Record<string, number>> = Object.freeze({
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
});

/**
 * Parses `1h30m`, `10s`, `500ms` or `0.5s` to ms; undefined if invalid. A bare number is not a duration, except for
 * `0`.
 */
export function readDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    ms += Number(amount) * (UNITS[unit as string] as number);
  }
  return Math.round(ms);
}

/**
 * Parses a duration to ms.
 *
 * @throws a usage error that names the option
 */
export function parseDuration(text: string, option: string): number {
  const ms = readDuration(text);
  if (ms === undefined) throw usage(`${option}: expected a duration such as 30s or 1h30m, got "${text}"`);
  return ms;
}

/** Formats a duration: `350ms`, `4.2s`, `3m12s`. */
export function showDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${fixed(ms / 1000, 1)}s`;
  return showAge(ms);
}

/** Formats an age as kubectl does: with a second unit only while it matters. */
export function showAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
