import { contracts, definePlugin } from '@gantry/core';
import { type ApiRoutes, apiRoute } from '@gantry/core/api';
import { z } from 'zod';

/** `POST /v1/namespaces/{namespace}/officehours/{name}/move`, with a body such as `{ "by": -1 }`. */
const move = apiRoute({
  method: 'POST',
  at: { object: 'officehours' },
  path: 'move',
  action: 'move',
  verb: 'move',
  summary: 'Begin and end the office hours earlier or later',
  access: 'operator',
  body: { schema: z.strictObject({ by: z.int().describe('Hours; earlier if negative') }) },
  answers: { 200: { shape: { component: 'officehours' } } },
  handle: async ({ id, body: { by }, api, show, signal }) => {
    const { meta, spec } = await api.get('officehours', id, { signal });
    const patch = { spec: { from: spec.from + by, to: spec.to + by } };
    const moved = await api.patch('officehours', id, patch, { revision: meta.revision, signal });
    return { status: 200, body: show(moved) };
  },
});

/** Plugin: what the API can do with office hours besides writing them. */
export const officeHoursRoutes = definePlugin({
  name: 'acme/office-hours-routes',
  provides: contracts.apiRoutes,
  create: (): ApiRoutes => ({ name: 'acme/office-hours-routes', routes: [move] }),
});
