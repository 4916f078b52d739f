/** `viewer` reads; `operator` also changes what runs; `admin` also nodes and tokens. Each may do what the one before may. */
export type Role = 'viewer' | 'operator' | 'admin';

export const ROLES: readonly Role[] = Object.freeze(['viewer', 'operator', 'admin']);

/** A role in one namespace, or with `*` in all of them and in what lies outside of namespaces. */
export interface Grant {
  readonly role: Role;
  readonly namespace: string;
}

/** The routes of the API, by what they let one do. */
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

/** `open`: anybody; `token`: anybody who is known; otherwise whoever has such a grant. */
export type Requirement = 'open' | 'token' | Grant;

export interface AccessQuestion {
  readonly method: string;
  readonly route: RouteName;
  readonly kind?: { readonly kind: string; readonly namespaced: boolean } | undefined;
  /** Of the path or the object; without it, all of them. */
  readonly namespace?: string | undefined;
}

/** What a request needs. The routes that take many objects are asked about once for each of them, as writes of it. */
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
      return 'token'; // of the tasks that the token may look at
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
      // Who may look at a template is decided by the services that have it.
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

/** Whether one of the grants is enough. */
export function allows(grants: readonly Grant[], required: Requirement): boolean {
  if (required === 'open' || required === 'token') return true;
  const rank = ROLES.indexOf(required.role);
  return grants.some(
    ({ role, namespace }) =>
      ROLES.indexOf(role) >= rank && (namespace === '*' || namespace === required.namespace),
  );
}
