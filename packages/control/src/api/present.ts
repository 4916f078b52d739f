import type { Entry } from '@gantry/core/contracts';
import type { Kind, KindMap, KindTable, ObjectMeta } from '@gantry/core/model';

/** An object as the API hands it out: with its revision, without secrets and without who applied what. */
export function present<K extends Kind>(
  { value, revision }: Entry<KindMap[K]>,
  kinds: KindTable,
): KindMap[K] {
  const { managers: _internal, ...shown }: ObjectMeta = value.meta;
  const meta = revision === 0 ? shown : { ...shown, revision };
  const secrets = kinds.get(value.kind)?.secrets;
  return { ...value, meta, ...(secrets === undefined ? {} : { spec: secrets.redact(value.spec) }) };
}
