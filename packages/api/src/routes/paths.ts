import type { KindDefinition } from '@gantry/core';

/** Where the objects of a kind are: `/v1/namespaces/{namespace}/services`, `/v1/nodes`. */
export function collectionPath({ plural, namespaced }: KindDefinition): string {
  return namespaced ? `/v1/namespaces/{namespace}/${plural}` : `/v1/${plural}`;
}

export function objectPath(definition: KindDefinition): string {
  return `${collectionPath(definition)}/{name}`;
}
