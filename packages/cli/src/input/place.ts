import type { AnyInput, KindInfo } from '@gantry/core/model';
import { findKind } from '../cluster/kinds.ts';
import type { ChosenTarget } from '../context/choose-target.ts';
import { usage } from '../output/problem.ts';
import type { Manifest } from './manifests.ts';

/**
 * Places objects without a namespace into the current one. An object whose namespace contradicts `-n` is an error.
 *
 * @throws a usage error
 */
export function placeAll(
  manifests: readonly Manifest[],
  target: Pick<ChosenTarget, 'namespace' | 'namespaceGiven'>,
  kinds: readonly KindInfo[],
): AnyInput[] {
  return manifests.map(({ object, source }) => {
    const meta = object.meta as { readonly name?: string; readonly namespace?: string } | undefined;
    const kind = findKind(object.kind, kinds);
    if (meta === undefined || kind?.namespaced !== true) return object;
    if (meta.namespace !== undefined) {
      if (!target.namespaceGiven || meta.namespace === target.namespace) return object;
      throw usage(
        `${source}: ${object.kind} ${meta.name} is of namespace ${meta.namespace}, not of ${target.namespace}`,
        'leave out -n, or the namespace in the file',
      );
    }
    if (target.namespace === 'default') return object;
    return { ...object, meta: { ...meta, namespace: target.namespace } } as AnyInput;
  });
}
