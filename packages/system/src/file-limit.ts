import { readFileSync } from 'node:fs';

/** Descriptors that connections leave to the rest of the process at least: stores, tasks' logs, children. */
const RESERVE = 256;
const MIN_CONNECTIONS = 64;

/** How many files this process may open (`Max open files` of /proc/self/limits); undefined where that is not known. */
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
 * A default maximum of connections: one per `filesEach` of the files that may be open beyond a reserve, from 64 up to
 * `most`.
 *
 * @param limit of open files; undefined if it is not known
 */
export function defaultConnections(limit: number | undefined, filesEach: number, most: number): number {
  if (limit === undefined) return most;
  return Math.max(MIN_CONNECTIONS, Math.min(most, Math.floor((limit - RESERVE) / filesEach)));
}
