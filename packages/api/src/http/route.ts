import type { WebSocket } from '@fastify/websocket';
import type { KindDefinition } from '@gantry/core/model';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { RouteName } from '../auth/access.ts';
import type { Identity } from '../auth/token-book.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/** A request as seen by a route. */
export interface Call<Query = unknown, Body = unknown> {
  readonly who: Identity;
  /** ID of the request, which the log and the caller see. */
  readonly request: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** ID of the object in the path. */
  readonly id: string;
  readonly query: Query;
  readonly body: Body;
  /** Adds fields to the audit record beyond those of the path. */
  readonly note: (fields: Readonly<Record<string, unknown>>) => void;
  readonly reply: FastifyReply;
}

export interface Answer {
  readonly status: number;
  /** JSON (a value, or encoded as bytes), or text of the given type. */
  readonly body?: unknown;
  readonly type?: string;
}

/** Schema of a response or a body in the OpenAPI document: inline, or the name of a component. */
export type Shape = { readonly schema: object } | { readonly component: string };

/** A route as data, from which both the server and its OpenAPI document are built. */
export interface Route {
  readonly method: Method;
  /** As in OpenAPI: `/v1/namespaces/{namespace}/services/{name}`. */
  readonly path: string;
  readonly route: RouteName;
  readonly kind?: KindDefinition | undefined;
  readonly summary: string;
  readonly query: z.ZodObject;
  readonly body?:
    | { readonly schema: z.ZodType; readonly shape: Shape; readonly optional?: boolean }
    | undefined;
  readonly answers: Readonly<Record<number, { readonly type: string; readonly shape?: Shape } | undefined>>;
  /** Returns the response, or takes over the reply and returns `undefined`. */
  readonly handle?: ((call: Call) => Promise<Answer | undefined>) | undefined;
  readonly socket?: ((call: Call, socket: WebSocket) => Promise<void>) | undefined;
}

interface Draft<Query extends z.ZodObject, Body extends z.ZodType>
  extends Omit<Route, 'query' | 'body' | 'handle' | 'socket'> {
  readonly query?: Query;
  readonly body?: { readonly schema: Body; readonly shape: Shape; readonly optional?: boolean };
  readonly handle?: (call: Call<z.output<Query>, z.output<Body>>) => Promise<Answer | undefined>;
  readonly socket?: (call: Call<z.output<Query>, z.output<Body>>, socket: WebSocket) => Promise<void>;
}

/** Declares a route whose handler receives query and body in the types of their schemas. */
export function route<
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(draft: Draft<Query, Body>): Route {
  return { ...(draft as unknown as Route), query: draft.query ?? noQuery() };
}

function noQuery(): z.ZodObject {
  return z.strictObject({});
}
