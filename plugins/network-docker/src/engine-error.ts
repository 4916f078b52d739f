import { GantryError, isGantryError } from '@gantry/core';

const AWAY = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'EACCES',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
];

/** The HTTP status of the engine's response, if it responded. */
export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | undefined)?.statusCode;
}

/** Maps an error of the engine to an error with a Gantry code. */
export function engineError(error: unknown, what: string): GantryError {
  if (isGantryError(error)) return error;
  const {
    code,
    message = String(error),
    json,
  } = error as NodeJS.ErrnoException & { json?: { message?: string } };
  const text = json?.message ?? message;
  const status = statusOf(error);
  const say = (as: ConstructorParameters<typeof GantryError>[0]): GantryError =>
    new GantryError(as, `network-docker: cannot ${what}: ${text.trim()}`, { cause: error });
  if (status === undefined) {
    const away = (code !== undefined && AWAY.includes(code)) || /socket hang up/.test(message);
    return say(away ? 'UNAVAILABLE' : 'INTERNAL');
  }
  if (/non-overlapping .*address pool|no available network/i.test(text)) return say('EXHAUSTED');
  if (/active endpoints|overlaps with other/i.test(text) || status === 409) return say('CONFLICT');
  if (status === 400 || /invalid (subnet|network|pool)|failed to parse/i.test(text))
    return say('INVALID_OBJECT');
  if (status === 404) return say('NOT_FOUND');
  return say(status >= 502 ? 'UNAVAILABLE' : 'INTERNAL');
}
