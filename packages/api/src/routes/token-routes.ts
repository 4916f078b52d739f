import { dnsLabel } from '@gantry/core/model';
import { z } from 'zod';
import { type Route, route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';

const YEARS_MS = 10 * 365 * 24 * 3_600_000;

const body = z.strictObject({
  name: z.string().min(1).max(100),
  grants: z
    .array(
      z.strictObject({
        role: z.enum(['viewer', 'operator', 'admin']),
        namespace: z.union([z.literal('*'), dnsLabel], 'expected "*" or a namespace'),
      }),
    )
    .min(1)
    .max(64),
  expiresInMs: z.int().min(1).max(YEARS_MS).optional(),
});

/** Routes of access tokens, which the API itself keeps in the store. */
export function tokenRoutes({ tokens }: RouteParts): readonly Route[] {
  const json = (schema: object) => ({ type: 'application/json', shape: { schema } });
  return [
    route({
      method: 'GET',
      action: 'tokens',
      access: 'admin',
      resource: 'token',
      verbs: ['list'],
      path: '/v1/tokens',
      summary: 'List the access tokens, without their secrets',
      answers: { 200: json({ type: 'object', required: ['items'] }) },
      handle: async () => ({ status: 200, body: { items: tokens.list() } }),
    }),
    route({
      method: 'POST',
      action: 'tokens',
      access: 'admin',
      resource: 'token',
      verbs: ['create'],
      path: '/v1/tokens',
      summary: 'Create an access token; only this response contains its secret',
      body: { schema: body },
      answers: { 201: json({ type: 'object', required: ['id', 'token'] }) },
      handle: async ({ body: { name, grants, expiresInMs }, note }) => {
        const created = await tokens.create(name, grants, expiresInMs);
        note({ name: created.id });
        return { status: 201, body: created };
      },
    }),
    route({
      method: 'DELETE',
      action: 'token',
      access: 'admin',
      resource: 'token',
      verbs: ['delete'],
      path: '/v1/tokens/{name}',
      summary: 'Delete an access token: it is rejected from now on, and its open connections are closed',
      answers: { 204: undefined },
      handle: async ({ name = '' }) => {
        await tokens.delete(name);
        return { status: 204 };
      },
    }),
  ];
}
