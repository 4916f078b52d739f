import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import websocket from '@fastify/websocket';
import { GantryError, isGantryError, type Logger } from '@gantry/core';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Audit } from './http/audit.ts';
import type { Connections } from './http/connections.ts';
import { type Exchanges, pathParameters, routeOf } from './http/exchange.ts';
import { addJsonParser, JSON_TYPE } from './http/json-parser.ts';
import { NDJSON_TYPE } from './http/line-stream.ts';
import type { PendingAnswers } from './http/pending-answers.ts';
import { HttpRefusal, isFault, PROBLEM_TYPE, problemOf } from './http/problem.ts';
import { parseBody, parseQuery } from './http/query.ts';
import type { Call, Route } from './http/route.ts';
import { SUBPROTOCOL } from './http/socket.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Limits } from './options.ts';
import type { Certificate } from './tls.ts';

/** Interval at which connections are checked against their timeouts. */
const CHECK_MS = 500;
/** Maximum size of a WebSocket message. */
const FRAME_BYTES = 1024 * 1024;

export interface AppParts {
  readonly limits: Limits;
  readonly tls: Certificate | undefined;
  readonly logger: Logger;
  readonly exchanges: Exchanges;
  readonly audit: Audit;
  readonly metrics: Metrics;
  readonly connections: Connections;
  readonly answers: PendingAnswers;
  readonly guard: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

/** Builds the HTTP server of these routes, not listening yet. */
export async function buildApp(routes: readonly Route[], parts: AppParts): Promise<FastifyInstance> {
  const { limits, exchanges, audit, metrics } = parts;
  const options = {
    bodyLimit: limits.bodyBytes,
    serverFactory: (handler: RequestListener) => serverOf(handler, parts),
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    return503OnClosing: true,
    requestIdHeader: false as const,
    routerOptions: { maxParamLength: 253, caseSensitive: true, ignoreTrailingSlash: false },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      answerProblem(parts, error, request, reply);
    },
  };
  const app = fastify(options) as unknown as FastifyInstance;
  addJsonParser(app);
  await app.register(websocket, {
    options: {
      maxPayload: FRAME_BYTES,
      // A subprotocol that carries a token is never echoed.
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    },
    errorHandler: (_error, socket) => socket.terminate(),
  });
  app.addHook('onRequest', parts.guard);
  app.addHook('onSend', async (_request, reply, payload) => {
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) parts.answers.add(reply.raw, payload.length);
    return payload;
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = routeOf(request);
    const goesOn = request.ws || reply.raw.getHeader('content-type') === NDJSON_TYPE;
    const seconds = goesOn ? undefined : reply.elapsedTime / 1000;
    metrics.answered(route?.path ?? 'none', request.method, reply.statusCode, seconds);
    if (route !== undefined && !request.ws) {
      audit.write(route, pathParameters(request), reply.statusCode, exchanges.of(request));
    }
  });
  app.setErrorHandler((error, request, reply) => answerProblem(parts, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const error = new GantryError('NOT_FOUND', `no ${request.method} route at this path`);
    answerProblem(parts, error, request, reply);
  });
  for (const route of routes) addRoute(app, route, parts);
  await app.ready();
  return app;
}

/** Creates the underlying HTTP server with its timeouts and registers it with the connection limits. */
function serverOf(handler: RequestListener, { limits, tls, connections }: AppParts): Server {
  const http = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: CHECK_MS,
    keepAlive: true,
    noDelay: true,
  };
  const { handshakeTimeoutMs: handshakeTimeout } = limits;
  const server =
    tls === undefined
      ? createServer(http, handler)
      : createTlsServer({ ...http, ...tls, handshakeTimeout, minVersion: 'TLSv1.2' }, handler);
  connections.follow(server, tls !== undefined);
  return server;
}

function addRoute(app: FastifyInstance, route: Route, parts: AppParts): void {
  const { method, path, handle, socket } = route;
  const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
  const config = { gantry: route };
  if (socket !== undefined) {
    const prepare = async (request: FastifyRequest): Promise<void> => {
      if (!request.ws) throw new HttpRefusal(426, 'UNSUPPORTED', 'this route speaks WebSocket only');
      parseQuery(route.query, request.query); // while the response can still be a status
    };
    app.get(url, { websocket: true, config, preHandler: prepare }, async (connection, request) => {
      const call = callOf(route, request, undefined, parts);
      parts.audit.write(route, pathParameters(request), 101, parts.exchanges.of(request));
      await socket(call, connection);
    });
    return;
  }
  app.route({
    method,
    url,
    config,
    ...(route.bulk === true ? { bodyLimit: parts.limits.bulkBodyBytes } : {}),
    handler: async (request, reply) => {
      const answer = await handle?.(callOf(route, request, reply, parts));
      if (answer === undefined) return reply;
      const { status, body, type = JSON_TYPE } = answer;
      reply.code(status);
      if (body === undefined) return reply.send();
      return reply
        .type(type)
        .send(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    },
  });
}

function callOf(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply | undefined,
  { exchanges }: AppParts,
): Call {
  const parameters = pathParameters(request) as Record<string, string>;
  const { namespace, name } = parameters;
  const exchange = exchanges.of(request);
  return {
    who: exchange.who ?? { id: '', name: 'anonymous', grants: [] },
    request: request.id,
    namespace,
    name,
    parameters,
    id: namespace === undefined || namespace === 'default' ? (name ?? '') : `${namespace}/${name ?? ''}`,
    query: parseQuery(route.query, request.query),
    body: route.body === undefined ? refuseBody(request.body) : parseBody(route.body.schema, request.body),
    note: (fields) => Object.assign(exchange.notes, fields),
    reply: reply as FastifyReply,
  };
}

function refuseBody(body: unknown): undefined {
  if (body === undefined) return undefined;
  throw new HttpRefusal(400, 'INVALID_OBJECT', 'this route takes no body');
}

function answerProblem(
  { exchanges, logger }: AppParts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const refusal = refusalOf(error);
  const plugin = routeOf(request)?.plugin;
  if (isFault(refusal)) {
    // Logs where it happened, but not the message, which could repeat the request's content.
    const origin = isGantryError(refusal) && refusal.cause !== undefined ? refusal.cause : refusal;
    const { name, stack } = origin instanceof Error ? origin : new Error('not an error');
    const at = stack?.split('\n').filter((line) => line.trimStart().startsWith('at '));
    logger.error('a request failed', {
      request: request.id,
      route: routeOf(request)?.path,
      ...(plugin === undefined ? {} : { plugin }),
      name,
      at,
    });
  }
  const problem = problemOf(refusal, request.id, plugin);
  exchanges.of(request).code = problem.code;
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** Translates Fastify's own errors into errors of this API. */
function refusalOf(error: unknown): unknown {
  if (isGantryError(error)) return error;
  const { statusCode = 500, code } = error as Partial<FastifyError>;
  if (statusCode === 413) return new HttpRefusal(413, 'INVALID_OBJECT', 'the body is too large');
  if (statusCode === 415) return new HttpRefusal(415, 'UNSUPPORTED', `a body has to be ${JSON_TYPE}`);
  if (statusCode === 414 || code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new HttpRefusal(414, 'INVALID_OBJECT', 'the path is too long');
  }
  if (statusCode >= 400 && statusCode < 500) {
    return new HttpRefusal(400, 'INVALID_OBJECT', 'the request is malformed');
  }
  if (statusCode === 503) return new GantryError('UNAVAILABLE', 'the server shuts down');
  return error;
}
