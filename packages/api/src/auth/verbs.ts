import type { Grant, KindDefinition } from '@gantry/core/model';
import { allows, type Guarded, requirementOf } from './access.ts';

/** A route as the actions of users see it. */
export interface VerbRoute extends Guarded {
  readonly kind?: KindDefinition | undefined;
  /** What the verbs apply to (default: the kind). */
  readonly resource?: string | undefined;
  readonly verbs?: readonly string[] | undefined;
}

export interface AccessRequest {
  readonly verb: string;
  /** A kind of object, or another resource: `token`, `server`, `state`, `metrics`. */
  readonly kind: string;
  /** Namespace (default: every namespace). */
  readonly namespace?: string | undefined;
}

export interface AccessDecision {
  readonly allowed: boolean;
  /** The required role, and where it is required; absent if every token is allowed. */
  readonly required?: Grant | undefined;
}

export interface AccessRule {
  readonly verb: string;
  readonly kind: string;
  /** Namespaces in which it is allowed; `*` for all of them and for objects that are not namespaced. */
  readonly namespaces: readonly string[];
}

/** The verbs of each resource, each with the route that performs it: kinds first, in the order of the routes. */
export class VerbTable {
  readonly #resources = new Map<string, Map<string, VerbRoute>>();

  constructor(routes: readonly VerbRoute[], kinds: readonly KindDefinition[]) {
    for (const { kind } of kinds) this.#resources.set(kind, new Map());
    for (const route of routes) {
      const resource = route.resource ?? route.kind?.kind;
      if (resource === undefined || route.verbs === undefined) continue;
      const verbs = this.#resources.get(resource) ?? new Map<string, VerbRoute>();
      for (const verb of route.verbs) verbs.set(verb, route);
      this.#resources.set(resource, verbs);
    }
  }

  /**
   * Whether these grants allow a request, decided by the rules that also decide on the request itself. For an unknown
   * verb or kind it returns the values that are accepted instead.
   */
  decide(
    grants: readonly Grant[],
    { verb, kind, namespace }: AccessRequest,
  ): AccessDecision | { readonly unknown: 'verb' | 'kind'; readonly expected: readonly string[] } {
    const verbs = this.#resources.get(kind);
    if (verbs === undefined) return { unknown: 'kind', expected: [...this.#resources.keys()] };
    const route = verbs.get(verb);
    if (route === undefined) return { unknown: 'verb', expected: [...verbs.keys()] };
    const required = requirementOf(route, namespace);
    const allowed = allows(grants, required);
    return typeof required === 'string' ? { allowed } : { allowed, required };
  }

  /** Everything that these grants allow: each kind and verb with the namespaces in which it is allowed. */
  rules(grants: readonly Grant[]): readonly AccessRule[] {
    const places = [...new Set(grants.map(({ namespace }) => namespace))];
    return [...this.#resources].flatMap(([kind, verbs]) =>
      [...verbs].flatMap(([verb, route]) => {
        const allowedIn = (namespace: string | undefined): boolean =>
          allows(grants, requirementOf(route, namespace));
        const namespaces = allowedIn(undefined)
          ? ['*']
          : places.filter((each) => each !== '*' && allowedIn(each));
        return namespaces.length === 0 ? [] : [{ verb, kind, namespaces }];
      }),
    );
  }
}
