import type { KindDefinition, Service } from '@gantry/core/model';
import { z } from 'zod';
import { queryFlag } from '../http/query.ts';
import { type Route, route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';
import { objectPath } from './paths.ts';

const writeQuery = z.strictObject({ dryRun: queryFlag }).partial();
const scaleBody = z.strictObject({ replicas: z.int().min(0).max(10_000_000) });
const rollbackBody = z.strictObject({ to: z.string().min(1).max(253).optional() }).optional();

/** Operations on a service other than writing it. */
export function serviceRoutes(kind: KindDefinition, { api }: RouteParts): readonly Route[] {
  const path = objectPath(kind);
  const service = { 200: { type: 'application/json', shape: { component: 'service' } } };
  return [
    route({
      method: 'PUT',
      action: 'scale',
      access: 'operator',
      verbs: ['scale'],
      kind,
      path: `${path}/scale`,
      summary: 'Change how many tasks a service has',
      query: writeQuery,
      body: { schema: scaleBody },
      answers: service,
      handle: async ({ id, query, body }) => ({
        status: 200,
        body: await api.scale(id, body.replicas, query),
      }),
    }),
    route({
      method: 'POST',
      action: 'rollback',
      access: 'operator',
      verbs: ['rollback'],
      kind,
      path: `${path}/rollback`,
      summary: 'Go back to an earlier template: the last one, or the one named',
      query: writeQuery,
      body: {
        schema: rollbackBody,
        optional: true,
      },
      answers: service,
      handle: async ({ id, query, body }) => ({
        status: 200,
        body: await api.rollback(id, { ...query, ...(body?.to === undefined ? {} : { to: body.to }) }),
      }),
    }),
    route({
      method: 'POST',
      action: 'restart',
      access: 'operator',
      verbs: ['restart'],
      kind,
      path: `${path}/restart`,
      summary: "Replace every task of a service, by the service's update policy",
      query: writeQuery,
      answers: service,
      handle: async ({ id, query }) => ({ status: 200, body: await api.restart(id, query) }),
    }),
    route({
      method: 'GET',
      action: 'rollout',
      access: 'viewer',
      kind,
      path: `${path}/rollout`,
      summary: 'Show the progress of the update to the current template',
      answers: { 200: { type: 'application/json', shape: { schema: { type: 'object' } } } },
      handle: async ({ id }) => ({ status: 200, body: rolloutOf(await api.get('service', id)) }),
    }),
  ];
}

function rolloutOf({ spec, status }: Service): object {
  const { update, history, template, desired, updated, ready } = status;
  return {
    ...(update === undefined ? {} : { update }),
    history,
    template,
    desired,
    updated,
    ready,
    paused: spec.paused,
  };
}
