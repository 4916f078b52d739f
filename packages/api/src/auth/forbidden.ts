import { GantryError } from '@gantry/core';
import type { Grant } from './access.ts';
import type { Identity } from './token-book.ts';

/** Returns a `FORBIDDEN` error that names the missing role. */
export function forbidden({ name, grants }: Identity, what: string, { role, namespace }: Grant): GantryError {
  const where = namespace === '*' ? 'all namespaces' : `namespace ${namespace}`;
  const own = grants.map((grant) => grant.namespace).filter((each) => each !== '*');
  const hint =
    namespace === '*' && own.length > 0 ? ` (only of ${[...new Set(own)].join(', ')}: name one)` : '';
  return new GantryError('FORBIDDEN', `${what}: token "${name}" is not ${role} of ${where}${hint}`, {
    details: { role, namespace },
  });
}
