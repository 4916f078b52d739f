import { readFileSync } from 'node:fs';

/** Descriptors that the API leaves to the rest of the process at least: stores, tasks' logs, the load balancer. */
const RESERVE = 256;
/** No default is higher, however many files the process may open. */
const MAX_CONNECTIONS = 10_000;
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

/** The default maximum of connections: half of the files that may be open beyond a reserve, from 64 up to 10,000. */
export function defaultConnections(limit: number | undefined): number {
  if (limit === undefined) return MAX_CONNECTIONS;
  return Math.max(MIN_CONNECTIONS, Math.min(MAX_CONNECTIONS, Math.floor((limit - RESERVE) / 2)));
}
