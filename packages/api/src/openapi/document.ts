import type { StandardSchema } from '@gantry/core';
import type { RouteShape } from '@gantry/core/api';
import { JSON_TYPE } from '../http/json-parser.ts';
import { PROBLEM_TYPE } from '../http/problem.ts';
import type { Route } from '../http/route.ts';
import { jsonSchemaOf } from './schemas.ts';

/** The OpenAPI 3.1 document of these routes. */
export function openApiDocument(
  routes: readonly Route[],
  schemas: Readonly<Record<string, object>>,
  about: { readonly title: string; readonly version: string },
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operation(route);
    paths[route.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: about,
    paths,
    components: { schemas, securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    security: [{ bearer: [] }],
  };
}

function operation({ method, path, access, summary, query, body, answers, socket }: Route): object {
  const open = access === 'open';
  return {
    operationId: `${method.toLowerCase()} ${path}`,
    summary,
    ...(open ? { security: [] } : {}),
    ...(socket === undefined ? {} : { 'x-websocket': 'gantry.v1' }),
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.optional !== true,
            content: Object.fromEntries(
              bodyTypes(method).map((type) => [
                type,
                { schema: schemaOf(body.shape ?? { schema: body.schema }, 'input') },
              ]),
            ),
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          {
            description: summary,
            ...(answer === undefined
              ? {}
              : {
                  content: {
                    [answer.type ?? JSON_TYPE]:
                      answer.shape === undefined ? {} : { schema: schemaOf(answer.shape, 'output') },
                  },
                }),
          },
        ]),
      ),
      default: {
        description: 'A problem',
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/problem' } } },
      },
    },
  };
}

function bodyTypes(method: string): readonly string[] {
  return method === 'PATCH' ? ['application/merge-patch+json', 'application/json'] : ['application/json'];
}

function schemaOf(shape: RouteShape, io: 'input' | 'output'): object {
  return 'component' in shape
    ? { $ref: `#/components/schemas/${shape.component}` }
    : jsonSchemaOf(shape.schema, io);
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: StandardSchema): object[] {
  const schema = jsonSchemaOf(query, 'input') as {
    properties?: Record<string, object>;
    required?: readonly string[];
  };
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: schema.required?.includes(name) ?? false,
    schema: property,
  }));
}
