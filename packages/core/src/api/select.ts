import { DEFAULT_NAMESPACE } from '../model/ids.ts';
import type { ObjectMeta } from '../model/meta.ts';
import { fieldReader, parseSelector } from '../model/selector.ts';
import type { SelectOptions } from './cluster-api.ts';

/**
 * Whether an object has the namespace, labels and fields that are asked for.
 *
 * @throws `INVALID_OBJECT` for a selector that cannot be parsed.
 */
export function selects({
  namespace,
  labels = '',
  fields = '',
}: Pick<SelectOptions, 'namespace' | 'labels' | 'fields'>): (object: {
  readonly meta: ObjectMeta;
}) => boolean {
  const byLabels = parseSelector(labels);
  const byFields = parseSelector(fields);
  const readers = new Map<string, (object: unknown) => string | undefined>();
  const readerOf = (path: string): ((object: unknown) => string | undefined) => {
    let reader = readers.get(path);
    if (reader === undefined) {
      reader = fieldReader(path);
      readers.set(path, reader);
    }
    return reader;
  };
  return (object) => {
    const { labels: own, namespace: home = DEFAULT_NAMESPACE } = object.meta;
    return (
      (namespace === undefined || home === namespace) &&
      byLabels((key) => (Object.hasOwn(own, key) ? own[key] : undefined)) &&
      byFields((path) => readerOf(path)(object))
    );
  };
}
