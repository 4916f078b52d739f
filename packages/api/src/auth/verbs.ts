import type { KindDefinition } from '@gantry/core/model';
import { allows, type Grant, type RouteName, requiredGrant } from './access.ts';

/** An action of a user, as the request that performs it. */
interface Verb {
  readonly method: string;
  readonly route: RouteName;
  /** Kinds that it applies to (default: all of them). */
  readonly kinds?: readonly string[];
  /** Applies only to kinds that users write. */
  readonly writes?: boolean;
}

const VERBS: Readonly<Record<string, Verb>> = Object.freeze({
  get: { method: 'GET', route: 'object' },
  list: { method: 'GET', route: 'collection' },
  watch: { method: 'GET', route: 'collection' },
  create: { method: 'POST', route: 'collection', writes: true },
  apply: { method: 'PUT', route: 'object', writes: true },
  patch: { method: 'PATCH', route: 'object', writes: true },
  delete: { method: 'DELETE', route: 'object' },
  explain: { method: 'GET', route: 'explain', kinds: ['service', 'task'] },
  logs: { method: 'GET', route: 'logs', kinds: ['service', 'task'] },
  exec: { method: 'GET', route: 'exec', kinds: ['task'] },
  'port-forward': { method: 'GET', route: 'dial', kinds: ['task'] },
  scale: { method: 'PUT', route: 'scale', kinds: ['service'] },
  rollback: { method: 'POST', route: 'rollback', kinds: ['service'] },
  restart: { method: 'POST', route: 'restart', kinds: ['service'] },
  drain: { method: 'PUT', route: 'availability', kinds: ['node'] },
});

/** Resources that are not kinds of objects, but can be named in an access check. */
const OTHERS: Readonly<Record<string, Readonly<Record<string, Verb>>>> = Object.freeze({
  token: {
    list: { method: 'GET', route: 'tokens' },
    create: { method: 'POST', route: 'tokens' },
    delete: { method: 'DELETE', route: 'token' },
  },
  server: { get: { method: 'GET', route: 'servers' }, list: { method: 'GET', route: 'servers' } },
  state: { get: { method: 'GET', route: 'state' } },
  metrics: { get: { method: 'GET', route: 'metrics' } },
});

export interface AccessRequest {
  readonly verb: string;
  /** A kind of object, or `token`, `server`, `state`, `metrics`. */
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

/** Verbs that apply to a kind. */
function verbsOf(kind: string, kinds: readonly KindDefinition[]): Readonly<Record<string, Verb>> | undefined {
  if (Object.hasOwn(OTHERS, kind)) return OTHERS[kind];
  const definition = kinds.find((each) => each.kind === kind);
  if (definition === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(VERBS).filter(
      ([, verb]) =>
        (verb.kinds?.includes(kind) ?? true) && (verb.writes !== true || definition.input !== undefined),
    ),
  );
}

/**
 * Whether these grants allow a request, decided by the rules that also decide on the request itself. For an unknown
 * verb or kind it returns the values that are accepted instead.
 */
export function decideAccess(
  grants: readonly Grant[],
  { verb, kind, namespace }: AccessRequest,
  kinds: readonly KindDefinition[],
): AccessDecision | { readonly unknown: 'verb' | 'kind'; readonly expected: readonly string[] } {
  const verbs = verbsOf(kind, kinds);
  if (verbs === undefined)
    return { unknown: 'kind', expected: [...kinds.map((each) => each.kind), ...Object.keys(OTHERS)] };
  const found = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (found === undefined) return { unknown: 'verb', expected: Object.keys(verbs) };
  const required = requiredOf(found, kind, namespace, kinds);
  const allowed = allows(grants, required);
  return typeof required === 'string' ? { allowed } : { allowed, required };
}

function requiredOf(
  { method, route }: Verb,
  kind: string,
  namespace: string | undefined,
  kinds: readonly KindDefinition[],
): ReturnType<typeof requiredGrant> {
  const definition = kinds.find((each) => each.kind === kind);
  return requiredGrant({ method, route, kind: definition, namespace });
}

/** Everything that these grants allow: each kind and verb with the namespaces in which it is allowed. */
export function accessRules(
  grants: readonly Grant[],
  kinds: readonly KindDefinition[],
): readonly AccessRule[] {
  const places = [...new Set(grants.map(({ namespace }) => namespace))];
  return [...kinds.map(({ kind }) => kind), ...Object.keys(OTHERS)].flatMap((kind) =>
    Object.entries(verbsOf(kind, kinds) ?? {}).flatMap(([verb, found]) => {
      const allowedIn = (namespace: string | undefined): boolean =>
        allows(grants, requiredOf(found, kind, namespace, kinds));
      const namespaces = allowedIn(undefined)
        ? ['*']
        : places.filter((each) => each !== '*' && allowedIn(each));
      return namespaces.length === 0 ? [] : [{ verb, kind, namespaces }];
    }),
  );
}
