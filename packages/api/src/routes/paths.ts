import type { KindDefinition } from '@gantry/core/model';

/** Path of the objects of a kind: `/v1/namespaces/{namespace}/services`, `/v1/nodes`. */
export function collectionPath({ plural, namespaced }: KindDefinition): string {
  return namespaced ? `/v1/namespaces/{namespace}/${plural}` : `/v1/${plural}`;
}

export function objectPath(definition: KindDefinition): string {
  return `${collectionPath(definition)}/{name}`;
}
