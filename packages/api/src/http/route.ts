import type { WebSocket } from '@fastify/websocket';
import type { KindDefinition } from '@gantry/core';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { RouteName } from '../auth/access.ts';
import type { Identity } from '../auth/token-book.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/** One request, as far as a route has to know it. */
export interface Call<Query = unknown, Body = unknown> {
  readonly who: Identity;
  /** Shown in the log and to the one who asks. */
  readonly request: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** Of the object the path names. */
  readonly id: string;
  readonly query: Query;
  readonly body: Body;
  /** What the audit log is to tell of it beyond the path. */
  readonly note: (fields: Readonly<Record<string, unknown>>) => void;
  readonly reply: FastifyReply;
}

export interface Answer {
  readonly status: number;
  /** JSON (a value, or as bytes), or text of the given type. */
  readonly body?: unknown;
  readonly type?: string;
}

/** What OpenAPI says of an answer or a body: a schema, or the name of one among the components. */
export type Shape = { readonly schema: object } | { readonly component: string };

/** A route as data: the server and its OpenAPI document are made from the same. */
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
  /** Answers, or takes over the reply and answers nothing. */
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

/** A route whose handler gets query and body in the types of their schemas. */
export function route<
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(draft: Draft<Query, Body>): Route {
  return { ...(draft as unknown as Route), query: draft.query ?? noQuery() };
}

function noQuery(): z.ZodObject {
  return z.strictObject({});
}
