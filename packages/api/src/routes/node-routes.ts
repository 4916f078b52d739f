import type { KindDefinition } from '@gantry/core/model';
import { z } from 'zod';
import { queryFlag } from '../http/query.ts';
import { type Route, route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';
import { objectPath } from './paths.ts';

const body = z.strictObject({ availability: z.enum(['active', 'pause', 'drain']) });

/** Operations on a node other than writing it. */
export function nodeRoutes(kind: KindDefinition, { api }: RouteParts): readonly Route[] {
  return [
    route({
      method: 'PUT',
      action: 'availability',
      access: 'admin',
      verbs: ['drain'],
      kind,
      path: `${objectPath(kind)}/availability`,
      summary: 'Set whether a node accepts tasks, no new ones, or none at all',
      query: z.strictObject({ dryRun: queryFlag }).partial(),
      body: { schema: body },
      answers: { 200: { type: 'application/json', shape: { component: 'node' } } },
      handle: async ({ id, query, body: { availability } }) => ({
        status: 200,
        body: await api.setAvailability(id, availability, query),
      }),
    }),
  ];
}
