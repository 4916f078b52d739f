import type { RouteAccess } from '@gantry/core/api';
import type { Grant, KindDefinition, Role } from '@gantry/core/model';

export const ROLES: readonly Role[] = Object.freeze(['viewer', 'operator', 'admin']);

/** `open`: no token needed; `token`: any valid token; otherwise a token with a sufficient grant. */
export type Requirement = 'open' | 'token' | Grant;

/** The parts of a route that decide who may use it. */
export interface Guarded {
  readonly path: string;
  readonly access: 'open' | RouteAccess;
}

/**
 * Returns what a request to a route needs.
 *
 * @param namespace the namespace of the path (default: all of them).
 */
export function requirementOf({ access, path }: Guarded, namespace: string | undefined): Requirement {
  if (access === 'open' || access === 'token') return access;
  if (typeof access !== 'string') return access;
  return { role: access, namespace: path.includes('{namespace}') ? (namespace ?? '*') : '*' };
}

/** What reading one object of a kind needs. The holder of any token may ask for what can be viewed through other objects. */
export function readAccess({ access }: Pick<KindDefinition, 'access'>): RouteAccess {
  return access?.viewedThrough === undefined ? 'viewer' : 'token';
}

/** The role that writing an object of a kind needs. */
export function writeAccess({ access }: Pick<KindDefinition, 'access'>): Role {
  return access?.write ?? 'operator';
}

/** Whether at least one of the grants is sufficient. */
export function allows(grants: readonly Grant[], required: Requirement): boolean {
  if (required === 'open' || required === 'token') return true;
  const rank = ROLES.indexOf(required.role);
  return grants.some(
    ({ role, namespace }) =>
      ROLES.indexOf(role) >= rank && (namespace === '*' || namespace === required.namespace),
  );
}
