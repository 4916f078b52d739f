import { usage } from '../output/problem.ts';

/** Where the state of a cluster is stored. */
export type StoreChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'lmdb'; readonly path: string }
  | { readonly kind: 'etcd'; readonly endpoints: readonly string[] }
  | { readonly kind: 'nats'; readonly servers: readonly string[] };

export const STORE_FORMS = 'memory, lmdb:FOLDER, etcd:URL[,URL…], nats[:URL,…]';

/**
 * Parses `lmdb:/var/lib/gantry`, `etcd:http://a:2379,http://b:2379`, `nats` (the servers of the bus),
 * `nats:nats://a:4222`, or `memory`.
 */
export function parseStore(text: string, option = '--store'): StoreChoice {
  const at = text.indexOf(':');
  const kind = at < 0 ? text : text.slice(0, at);
  const where = at < 0 ? '' : text.slice(at + 1);
  const places = where.split(',').filter((place) => place !== '');
  if (kind === 'memory' && where === '') return { kind };
  if (kind === 'lmdb' && where !== '') return { kind, path: where };
  if (kind === 'etcd' && places.length > 0) return { kind, endpoints: places };
  if (kind === 'nats') return { kind, servers: places };
  throw usage(`${option}: unknown store "${text}"`, `it is one of ${STORE_FORMS}`);
}
