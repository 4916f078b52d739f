import type { AnyObject } from '@gantry/core/model';

/** The part of an object that users write, without the fields that the cluster maintains. */
export function plainObject({ kind, meta, ...rest }: AnyObject): Record<string, unknown> {
  const { name, namespace, labels } = meta;
  const place = namespace === undefined || namespace === 'default' ? {} : { namespace };
  return { kind, meta: { name, ...place, labels }, spec: (rest as { spec: unknown }).spec };
}
