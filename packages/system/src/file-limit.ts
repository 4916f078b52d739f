import { readFileSync } from 'node:fs';

/** Minimum number of descriptors reserved for the rest of the process: stores, task logs, child processes. */
const RESERVE = 256;
const MIN_CONNECTIONS = 64;

/** Maximum number of files that this process may open (`Max open files` of /proc/self/limits); undefined if unknown. */
export function fileLimit(
  read: () => string = () => readFileSync('/proc/self/limits', 'utf8'),
): number | undefined {
  try {
    const soft = /^Max open files +(\d+)/m.exec(read())?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/**
 * Default maximum of connections: one for every `filesEach` files that may be open beyond a reserve, from 64 up to
 * `most`.
 * @param limit maximum number of open files; undefined if unknown
 */
export function defaultConnections(limit: number | undefined, filesEach: number, most: number): number {
  if (limit === undefined) return most;
  return Math.max(MIN_CONNECTIONS, Math.min(most, Math.floor((limit - RESERVE) / filesEach)));
}
