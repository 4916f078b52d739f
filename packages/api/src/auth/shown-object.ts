import type { Views } from '@gantry/core';
import type { Caller, ClusterApi } from '@gantry/core/api';
import type { View } from '@gantry/core/contracts';
import {
  type AnyObject,
  DEFAULT_NAMESPACE,
  type Grant,
  type Kind,
  type KindDefinition,
} from '@gantry/core/model';
import { allows } from './access.ts';
import { forbidden } from './forbidden.ts';
import { specAccess, WHOLE } from './spec-access.ts';

interface Parts {
  readonly api: ClusterApi;
  readonly views: Views;
}

const VIEWER: Grant = Object.freeze({ role: 'viewer', namespace: '*' });

/**
 * Returns an object as shown to the caller. One of a kind that is `viewedThrough` others is shown to anyone who may view one
 * of those.
 *
 * @throws `FORBIDDEN`, before anything is read of the object; `NOT_FOUND`.
 */
export async function shownObject(
  who: Caller,
  definition: KindDefinition,
  id: string,
  { api, views }: Parts,
): Promise<AnyObject> {
  const { kind, access } = definition;
  const read = (): Promise<AnyObject> => api.get<Kind>(kind, id);
  const own = specAccess(definition, who.grants);
  if (access?.viewedThrough === undefined || allows(who.grants, { role: 'operator', namespace: '*' })) {
    return own.show(await read());
  }
  const namespaces = new Set<string>();
  for (const { kind: other, index } of access.viewedThrough) {
    for (const { value } of (views.of(other) as IndexedView).by(index, id)) {
      namespaces.add(value.meta.namespace ?? DEFAULT_NAMESPACE);
    }
  }
  const among = (role: Grant['role']): boolean =>
    [...namespaces].some((namespace) => allows(who.grants, { role, namespace }));
  if (!among('viewer') && !allows(who.grants, VIEWER)) throw forbidden(who, `GET ${kind} ${id}`, VIEWER);
  return (among('operator') ? WHOLE : own).show(await read());
}

/** A view of any kind, by the indexes that its definition names. */
type IndexedView = Omit<View<Kind>, 'by'> & {
  by(index: string, value: string): Iterable<{ readonly value: AnyObject }>;
};
