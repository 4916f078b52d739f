import type { WebSocket } from '@fastify/websocket';
import type { StandardSchema } from '@gantry/core';
import type { ApiRoute, RouteAccess, RouteBody, RouteCall, RouteResult } from '@gantry/core/api';
import type { KindDefinition } from '@gantry/core/model';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

/** A request as seen by a route. */
export interface Call<Query = unknown, Body = unknown>
  extends Omit<RouteCall<Query, Body>, 'api' | 'signal' | 'allows' | 'show'> {
  readonly reply: FastifyReply;
}

/** A route of the server: that of a plugin or a built-in one, with its whole path and the definition of its kind. */
export interface Route extends Pick<ApiRoute, 'method' | 'action' | 'summary' | 'body' | 'answers'> {
  /** As in OpenAPI: `/v1/namespaces/{namespace}/services/{name}`. */
  readonly path: string;
  readonly access: 'open' | RouteAccess;
  readonly kind?: KindDefinition | undefined;
  /** What the verbs apply to in access checks (default: the kind). */
  readonly resource?: string | undefined;
  /** Verbs of access checks that stand for this route. */
  readonly verbs?: readonly string[] | undefined;
  /** Name of the plugin (default: the API itself). */
  readonly plugin?: string | undefined;
  readonly query: StandardSchema;
  /** Whether the body contains many objects, and may be as large as `limits.bulkBodyBytes`. */
  readonly bulk?: boolean | undefined;
  /** Returns the response, or takes over the reply and returns `undefined`. */
  readonly handle?: ((call: Call) => Promise<RouteResult | undefined>) | undefined;
  readonly socket?: ((call: Call, socket: WebSocket) => Promise<void>) | undefined;
}

interface Draft<Query extends z.ZodObject, Body extends z.ZodType>
  extends Omit<Route, 'query' | 'body' | 'handle' | 'socket'> {
  readonly query?: Query;
  readonly body?: Omit<RouteBody, 'schema'> & { readonly schema: Body };
  readonly handle?: (call: Call<z.output<Query>, z.output<Body>>) => Promise<RouteResult | undefined>;
  readonly socket?: (call: Call<z.output<Query>, z.output<Body>>, socket: WebSocket) => Promise<void>;
}

/** Declares a built-in route, whose handler receives query and body in the types of their schemas. */
export function route<
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(draft: Draft<Query, Body>): Route {
  return { ...(draft as unknown as Route), query: draft.query ?? noQuery() };
}

/** The query of a route that takes no parameters. */
export function noQuery(): z.ZodObject {
  return z.strictObject({});
}
