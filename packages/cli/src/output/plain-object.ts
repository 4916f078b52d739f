import type { AnyObject } from '@gantry/core';

/** What the user can have written of an object: without what the cluster keeps. */
export function plainObject({ kind, meta, ...rest }: AnyObject): Record<string, unknown> {
  const { name, namespace, labels } = meta;
  const place = namespace === undefined || namespace === 'default' ? {} : { namespace };
  return { kind, meta: { name, ...place, labels }, spec: (rest as { spec: unknown }).spec };
}
