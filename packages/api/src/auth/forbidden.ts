import { GantryError } from '@gantry/core';
import type { Caller } from '@gantry/core/api';
import type { Grant } from '@gantry/core/model';

/** Returns a `FORBIDDEN` error that names the missing role. */
export function forbidden({ name, grants }: Caller, what: string, { role, namespace }: Grant): GantryError {
  const where = namespace === '*' ? 'all namespaces' : `namespace ${namespace}`;
  const own = grants.map((grant) => grant.namespace).filter((each) => each !== '*');
  const hint =
    namespace === '*' && own.length > 0 ? ` (only of ${[...new Set(own)].join(', ')}: name one)` : '';
  return new GantryError('FORBIDDEN', `${what}: token "${name}" is not ${role} of ${where}${hint}`, {
    details: { role, namespace },
  });
}
