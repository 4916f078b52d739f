/**
 * `viewer` reads; `operator` also changes workloads; `admin` also changes nodes and tokens. Each role includes the
 * previous one.
 */
export type Role = 'viewer' | 'operator' | 'admin';

export const ROLES: readonly Role[] = Object.freeze(['viewer', 'operator', 'admin']);

/** A role in one namespace, or with `*` in all namespaces and for objects that are not namespaced. */
export interface Grant {
  readonly role: Role;
  readonly namespace: string;
}

/** The routes of the API, as authorization distinguishes them. */
export type RouteName =
  | 'health'
  | 'ready'
  | 'openapi'
  | 'schema'
  | 'info'
  | 'metrics'
  | 'servers'
  | 'stats'
  | 'state'
  | 'access'
  | 'tokens'
  | 'token'
  | 'bulk-apply'
  | 'bulk-plan'
  | 'collection'
  | 'object'
  | 'events'
  | 'explain'
  | 'rollout'
  | 'logs'
  | 'exec'
  | 'dial'
  | 'scale'
  | 'rollback'
  | 'restart'
  | 'availability'
  | 'unknown';

/** `open`: no token needed; `token`: any valid token; otherwise a token with a sufficient grant. */
export type Requirement = 'open' | 'token' | Grant;

export interface AccessQuestion {
  readonly method: string;
  readonly route: RouteName;
  readonly kind?: { readonly kind: string; readonly namespaced: boolean } | undefined;
  /** Namespace of the path or the object (default: all of them). */
  readonly namespace?: string | undefined;
}

/** Returns the grant that a request needs. Bulk routes are checked once for each object, as a write of that object. */
export function requiredGrant({ method, route, kind, namespace }: AccessQuestion): Requirement {
  const where = kind?.namespaced === true ? (namespace ?? '*') : '*';
  switch (route) {
    case 'health':
    case 'ready':
    case 'openapi':
    case 'schema':
      return 'open';
    case 'info':
    case 'access':
    case 'bulk-apply':
    case 'bulk-plan':
    case 'unknown':
      return 'token';
    case 'stats':
      return 'token'; // limited to tasks that the token may view
    case 'metrics':
    case 'servers':
      return { role: 'viewer', namespace: '*' };
    case 'state':
    case 'tokens':
    case 'token':
    case 'availability':
      return { role: 'admin', namespace: '*' };
    case 'collection':
    case 'object':
      // Access to a template depends on the services that use it.
      if (method === 'GET' && route === 'object' && kind?.kind === 'template') return 'token';
      if (method === 'GET') return { role: 'viewer', namespace: where };
      return { role: kind?.kind === 'node' ? 'admin' : 'operator', namespace: where };
    case 'events':
    case 'explain':
    case 'rollout':
      return { role: 'viewer', namespace: where };
    case 'logs':
    case 'exec':
    case 'dial':
    case 'scale':
    case 'rollback':
    case 'restart':
      return { role: 'operator', namespace: where };
  }
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
