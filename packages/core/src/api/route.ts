import type { Grant, Role } from '../model/access.ts';
import type { AnyObject, Kind } from '../model/kind-map.ts';
import type { StandardSchema } from '../standard-schema.ts';
import type { ClusterApi } from './cluster-api.ts';

/** The holder of the token that a request came with. */
export interface Caller {
  /** Id of the token; `admin` for the one that the server was started with. */
  readonly id: string;
  /** Name of the token. */
  readonly name: string;
  /** What the token allows. */
  readonly grants: readonly Grant[];
  /** When the token expires, ms since the epoch (default: never). */
  readonly expiresAt?: number | undefined;
}

/** Method of a request. */
export type RouteMethod = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/**
 * What a caller needs: `token` for any valid token; a role, in the namespace of the path or, if the path has none, in all
 * of them; or a role in all namespaces whatever the path says.
 */
export type RouteAccess =
  | 'token'
  | Role
  | {
      /** The role. */
      readonly role: Role;
      /** All namespaces. */
      readonly namespace: '*';
    };

/** What a path is below of: one object of a kind, or the collection of a kind (in a namespace, if it is namespaced). */
export type RoutePlace =
  | {
      /** Kind of the object. */
      readonly object: Kind;
    }
  | {
      /** Kind of the collection. */
      readonly collection: Kind;
    };

/**
 * Form of a body in the OpenAPI document: a JSON schema, a validator (a zod schema describes itself, others are shown as
 * any value), or the name of a component: a kind, a kind and `-list` or `-input`, or `items`.
 */
export type RouteShape =
  | {
      /** A JSON schema, or a validator. */
      readonly schema: StandardSchema | object;
    }
  | {
      /** Name of the component. */
      readonly component: string;
    };

/** Body of a request. */
export interface RouteBody<Body = unknown> {
  /** Validates the body and fills in defaults. */
  readonly schema: StandardSchema<unknown, Body>;
  /** Its form in the OpenAPI document (default: `schema`). */
  readonly shape?: RouteShape | undefined;
  /** Whether the body may be missing (default: false). The schema then receives `undefined`. */
  readonly optional?: boolean | undefined;
}

/** A response as the OpenAPI document describes it. */
export interface RouteAnswer {
  /** Media type (default: `application/json`). */
  readonly type?: string | undefined;
  /** Form of its body (default: any). */
  readonly shape?: RouteShape | undefined;
}

/** The response to one request. */
export interface RouteResult {
  /** Status: one of the route's `answers`. */
  readonly status: number;
  /** A value that is sent as JSON; text or a `Buffer` is sent as it is (default: no body). */
  readonly body?: unknown;
  /** Media type (default: `application/json`). */
  readonly type?: string | undefined;
}

/** An authorized request with valid parameters. */
export interface RouteCall<Query = unknown, Body = unknown> {
  /** The sender of the request. */
  readonly who: Caller;
  /** Id of the request, which the log and the caller see. */
  readonly request: string;
  /** The parameter `{namespace}` of the path, if it has one. */
  readonly namespace: string | undefined;
  /** The parameter `{name}` of the path, if it has one. */
  readonly name: string | undefined;
  /** Id of the object that namespace and name stand for, as `ClusterApi` takes it. The object need not exist. */
  readonly id: string;
  /** All parameters of the path. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The query, validated. */
  readonly query: Query;
  /** The body, validated. Routes that declare no `body` get `undefined`. */
  readonly body: Body;
  /** Fires when the client disconnects, the server shuts down, or the time for the answer is over. */
  readonly signal: AbortSignal;
  /** The cluster, with all permissions: the caller's grants do not limit it. */
  readonly api: ClusterApi;
  /** Whether the caller has this grant, in addition to what the route's `access` has checked. */
  allows(grant: Grant): boolean;
  /** Returns the object as the caller may see it: viewers do not get confidential values. */
  show<T extends AnyObject>(object: T): T;
  /** Adds fields to the audit record. Never add secrets. */
  note(fields: Readonly<Record<string, unknown>>): void;
}

/** A route of the HTTP API as data: the server, the access checks and the OpenAPI document are made from it. */
export interface ApiRoute<Query = unknown, Body = unknown> {
  /** Method of its requests. */
  readonly method: RouteMethod;
  /** What `path` is below of (default: `/v1/`). */
  readonly at?: RoutePlace | undefined;
  /**
   * Relative path: `restore`, or `disks/{disk}`. Below `/v1/` it may have `{namespace}`, which `access` then is about, and
   * `{name}`. A parameter stands for one segment: 1 to 253 letters, digits and `._-`.
   */
  readonly path: string;
  /** Name of the action in the audit log, such as `restore`. */
  readonly action: string;
  /** Verb of the kind in access checks, for `gantry auth can-i restore backup`; needs `at` (default: none). */
  readonly verb?: string | undefined;
  /** In a few words, for the OpenAPI document. */
  readonly summary: string;
  /** What the caller needs. */
  readonly access: RouteAccess;
  /** Validates the query: an object of text, or lists of text for parameters that are repeated (default: no parameters). */
  readonly query?: StandardSchema<unknown, Query> | undefined;
  /** The body (default: none). Not for `GET`. */
  readonly body?: RouteBody<Body> | undefined;
  /** Successful responses by status; `undefined` for one without a body. */
  readonly answers: Readonly<Record<number, RouteAnswer | undefined>>;
  /**
   * Answers a request. A `GantryError` is sent to the caller as it is, like those of `ClusterApi`. Anything else that is
   * thrown is `INTERNAL` and names the plugin, and so is a result that the route does not declare; a handler that takes
   * longer than the server's `limits.handlerTimeoutMs` is `TIMEOUT`.
   */
  handle(call: RouteCall<Query, Body>): Promise<RouteResult>;
}

/** What a plugin provides for `contracts.apiRoutes`. */
export interface ApiRoutes {
  /** Name of the plugin, shown in errors and in the log. */
  readonly name: string;
  /** The routes. */
  readonly routes: readonly ApiRoute[];
}

/** Returns the route unchanged; its handler receives query and body in the types of their schemas. */
export function apiRoute<Query = Record<never, never>, Body = undefined>(
  route: ApiRoute<Query, Body>,
): ApiRoute {
  return route as unknown as ApiRoute;
}
