import { GantryError, type StandardSchema } from '@gantry/core';
import type { ApiRoute, ApiRoutes, RoutePlace, RouteShape } from '@gantry/core/api';
import type { KindDefinition } from '@gantry/core/model';
import { noQuery, type Route } from '../http/route.ts';
import { jsonSchemaOf } from '../openapi/schemas.ts';
import type { RouteParts } from './parts.ts';
import { collectionPath, objectPath } from './paths.ts';
import { runHandler } from './run-handler.ts';

const METHODS: readonly string[] = Object.freeze(['GET', 'PUT', 'POST', 'PATCH', 'DELETE']);
const SEGMENT = /^([A-Za-z0-9][A-Za-z0-9._-]*|\{[A-Za-z][A-Za-z0-9]*\})$/;
const WORD = /^[a-z][a-z-]{0,62}$/;

/**
 * The routes of plugins, in the form of those of the server.
 *
 * @param components names of the component schemas that shapes may refer to
 * @throws `WIRING` for a route that is not well formed, with the name of its plugin.
 */
export function pluginRoutes(
  providers: readonly ApiRoutes[],
  components: ReadonlySet<string>,
  parts: RouteParts,
): readonly Route[] {
  return providers.flatMap(({ name: plugin, routes }) =>
    routes.map((route) => {
      const fail = (why: string): never => {
        throw new GantryError('WIRING', `${plugin}: route ${route.method} ${route.path}: ${why}`, {
          details: { plugin },
        });
      };
      return placed(plugin, route, { components, parts, fail });
    }),
  );
}

interface Context {
  readonly components: ReadonlySet<string>;
  readonly parts: RouteParts;
  readonly fail: (why: string) => never;
}

function placed(plugin: string, given: ApiRoute, { components, parts, fail }: Context): Route {
  const { method, at, action, verb, summary, access, query, body, answers } = given;
  const kind = at === undefined ? undefined : kindAt(at, parts.kinds, fail);
  const path = `${prefixOf(at, kind)}/${given.path}`;
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  if (!METHODS.includes(method)) fail(`its method is not one of ${METHODS.join(', ')}`);
  if (!given.path.split('/').every((segment) => SEGMENT.test(segment)))
    fail('expected segments such as "restore" or "{disk}", with "/" between them');
  if (new Set(parameters).size < parameters.length) fail(`${path} has a parameter twice`);
  if (!WORD.test(action)) fail(`its action "${action}" is not a lower-case word`);
  if (verb !== undefined && (kind === undefined || !WORD.test(verb)))
    fail(`its verb "${verb}" is not a lower-case word, or the route has no kind`);
  if (body !== undefined && method === 'GET') fail('GET has no body');
  const statuses = Object.keys(answers).map(Number);
  if (statuses.length === 0 || statuses.some((status) => !(status >= 200 && status <= 299)))
    fail('expected at least one answer, each with a status from 200 to 299');
  for (const [what, schema] of [
    ['query', query],
    ['body', body?.schema],
  ] as const) {
    if (schema !== undefined && !('~standard' in schema))
      fail(`its ${what} is not validated by a Standard Schema`);
  }

  const described = (schema: StandardSchema | object, io: 'input' | 'output'): object => {
    try {
      const json = jsonSchemaOf(schema, io);
      JSON.stringify(json);
      return json;
    } catch (error) {
      return fail(`a schema cannot be described: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const shapeOf = (shape: RouteShape, io: 'input' | 'output'): RouteShape => {
    if (!('component' in shape)) return { schema: described(shape.schema, io) };
    return components.has(shape.component) ? shape : fail(`component "${shape.component}" not found`);
  };
  if (query !== undefined) described(query, 'input');

  const route: Omit<Route, 'handle'> = {
    method,
    path,
    action,
    access,
    plugin,
    kind,
    verbs: verb === undefined ? undefined : [verb],
    summary,
    query: query ?? noQuery(),
    body: body && { ...body, shape: shapeOf(body.shape ?? { schema: body.schema }, 'input') },
    answers: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [
        status,
        answer && { ...answer, ...(answer.shape && { shape: shapeOf(answer.shape, 'output') }) },
      ]),
    ),
  };
  return { ...route, handle: (call) => runHandler(given, route, call, parts) };
}

function kindAt(
  at: RoutePlace,
  kinds: readonly KindDefinition[],
  fail: (why: string) => never,
): KindDefinition {
  const name = 'object' in at ? at.object : at.collection;
  return kinds.find(({ kind }) => kind === name) ?? fail(`kind "${name}" not found`);
}

function prefixOf(at: RoutePlace | undefined, kind: KindDefinition | undefined): string {
  if (at === undefined || kind === undefined) return '/v1';
  return 'object' in at ? objectPath(kind) : collectionPath(kind);
}
