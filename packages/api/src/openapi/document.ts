import { z } from 'zod';
import { requiredGrant } from '../auth/access.ts';
import { PROBLEM_TYPE } from '../http/problem.ts';
import type { Route, Shape } from '../http/route.ts';

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

function operation({ method, path, route, kind, summary, query, body, answers, socket }: Route): object {
  const open = requiredGrant({ method, route, kind }) === 'open';
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
              bodyTypes(method).map((type) => [type, { schema: schemaOf(body.shape) }]),
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
                    [answer.type]: answer.shape === undefined ? {} : { schema: schemaOf(answer.shape) },
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

function schemaOf(shape: Shape): object {
  return 'schema' in shape ? shape.schema : { $ref: `#/components/schemas/${shape.component}` };
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject): object[] {
  const schema = z.toJSONSchema(query, { io: 'input' }) as {
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
