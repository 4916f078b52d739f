import type { Entry } from '@gantry/core/contracts';
import type { Kind, KindMap, KindTable, ObjectMeta } from '@gantry/core/model';

/**
 * Returns an object as the API shows it: with its revision, without secrets and without the fields applied by managers.
 */
export function present<K extends Kind>(
  { value, revision }: Entry<KindMap[K]>,
  kinds: KindTable,
): KindMap[K] {
  const { managers: _internal, ...shown }: ObjectMeta = value.meta;
  const meta = revision === 0 ? shown : { ...shown, revision };
  const secrets = kinds.get(value.kind)?.secrets;
  return { ...value, meta, ...(secrets === undefined ? {} : { spec: secrets.redact(value.spec) }) };
}
