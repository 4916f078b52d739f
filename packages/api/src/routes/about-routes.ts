import type { KindDefinition } from '@gantry/core/model';
import { type Route, route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';
import { objectPath } from './paths.ts';

/** The events of an object, and explanations of where tasks are placed. */
export function aboutRoutes(definition: KindDefinition, { api }: RouteParts): readonly Route[] {
  const { kind, namespaced } = definition;
  const path = objectPath(definition);
  const events = route({
    method: 'GET',
    route: 'events',
    kind: definition,
    path: `${path}/events`,
    summary: `List the events of a ${kind}`,
    answers: { 200: { type: 'application/json', shape: { component: 'event-list' } } },
    handle: async ({ id, namespace }) => {
      const fields = `spec.regarding.kind=${kind},spec.regarding.name=${id}`;
      const where = namespaced ? { namespace } : {};
      return { status: 200, body: await api.list('event', { ...where, fields }) };
    },
  });
  if (kind !== 'service' && kind !== 'task') return [events];
  const explain = route({
    method: 'GET',
    route: 'explain',
    kind: definition,
    path: `${path}/explain`,
    summary: `Explain why the ${kind} is where it is, or nowhere`,
    answers: { 200: { type: 'application/json', shape: { schema: { type: 'object' } } } },
    handle: async ({ id }) => ({ status: 200, body: await api.explain(kind, id) }),
  });
  return [events, explain];
}
