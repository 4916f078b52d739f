import { GantryError } from '@gantry/core';
import type { Grant } from './access.ts';
import type { Identity } from './token-book.ts';

/** `FORBIDDEN`, which says what would be needed. */
export function forbidden({ name }: Identity, what: string, { role, namespace }: Grant): GantryError {
  const where = namespace === '*' ? 'all namespaces' : `namespace ${namespace}`;
  return new GantryError('FORBIDDEN', `${what}: token "${name}" is not ${role} of ${where}`, {
    details: { role, namespace },
  });
}
