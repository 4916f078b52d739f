import type { KindDefinition } from '@gantry/core/model';
import { type Route, route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';
import { objectPath } from './paths.ts';

/** The events of an object. */
export function aboutRoutes(definition: KindDefinition, { api }: RouteParts): readonly Route[] {
  const { kind, namespaced } = definition;
  const path = objectPath(definition);
  const events = route({
    method: 'GET',
    action: 'events',
    access: 'viewer',
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
  return [events];
}

/** Explanations of where the tasks of a kind are placed. */
export function explainRoutes(
  definition: KindDefinition<'service' | 'task'>,
  { api }: RouteParts,
): readonly Route[] {
  const { kind } = definition;
  const explain = route({
    method: 'GET',
    action: 'explain',
    access: 'viewer',
    verbs: ['explain'],
    kind: definition,
    path: `${objectPath(definition)}/explain`,
    summary: `Explain why the ${kind} is where it is, or nowhere`,
    answers: { 200: { type: 'application/json', shape: { schema: { type: 'object' } } } },
    handle: async ({ id }) => ({ status: 200, body: await api.explain(kind, id) }),
  });
  return [explain];
}
