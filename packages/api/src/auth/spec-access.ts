import { type AnyObject, DEFAULT_NAMESPACE, type Grant, type KindDefinition } from '@gantry/core/model';
import { allows } from './access.ts';

/** How the objects of a kind are shown to the holder of a set of grants: confidential values are for operators. */
export interface SpecAccess {
  /** Equal for holders to whom the same is shown; empty for those to whom everything is shown. */
  readonly key: string;
  readonly show: <T extends AnyObject>(object: T) => T;
}

/** Shows everything. */
export const WHOLE: SpecAccess = Object.freeze({ key: '', show: <T extends AnyObject>(object: T) => object });

/**
 * What a kind hides (`secrets.hide`) is shown to operators of the object's namespace; of a kind outside of namespaces, to
 * operators of all of them.
 */
export function specAccess({ namespaced, secrets }: KindDefinition, grants: readonly Grant[]): SpecAccess {
  const hide = secrets?.hide;
  if (hide === undefined || allows(grants, { role: 'operator', namespace: '*' })) return WHOLE;
  const roles = grants.filter(({ role }) => role !== 'viewer').map(({ namespace }) => namespace);
  const own = new Set(namespaced ? roles : []);
  const show = <T extends AnyObject>(object: T): T =>
    own.has(object.meta.namespace ?? DEFAULT_NAMESPACE)
      ? object
      : ({ ...object, spec: hide(object.spec as never) } as T);
  return { key: `operator of ${[...own].sort().join(' ')}`, show };
}
