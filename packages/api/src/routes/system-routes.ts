import { GantryError } from '@gantry/core';
import type { RouteResult, TaskStats } from '@gantry/core/api';
import { type KindDefinition, parseId } from '@gantry/core/model';
import { z } from 'zod';
import { allows } from '../auth/access.ts';
import { type Route, route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';

const READY_MS = 2000;
/** Any key will do: only the store's response matters. */
const ANY_KEY = 'tokens/any';

/** Routes about the server and the cluster as a whole. */
export function systemRoutes(parts: RouteParts): readonly Route[] {
  const { api, metrics } = parts;
  const json = (schema: object) => ({ 200: { type: 'application/json', shape: { schema } } });
  return [
    route({
      method: 'GET',
      action: 'health',
      access: 'open',
      path: '/healthz',
      summary: 'The server answers',
      answers: json({ type: 'object' }),
      handle: async () => ({ status: 200, body: { status: 'ok' } }),
    }),
    route({
      method: 'GET',
      action: 'ready',
      access: 'open',
      path: '/readyz',
      summary: "Check that the server and the cluster's store respond",
      answers: json({ type: 'object' }),
      handle: () => ready(parts),
    }),
    route({
      method: 'GET',
      action: 'metrics',
      access: 'viewer',
      resource: 'metrics',
      verbs: ['get'],
      path: '/metrics',
      summary: 'Figures for Prometheus',
      answers: { 200: { type: 'text/plain' } },
      handle: async () => ({ status: 200, type: metrics.contentType, body: await metrics.text() }),
    }),
    route({
      method: 'GET',
      action: 'info',
      access: 'token',
      path: '/v1/info',
      summary: 'Show the cluster and its kinds',
      answers: json({ type: 'object' }),
      handle: async () => ({ status: 200, body: await api.info() }),
    }),
    route({
      method: 'GET',
      action: 'servers',
      access: 'viewer',
      resource: 'server',
      verbs: ['get', 'list'],
      path: '/v1/servers',
      summary: 'List the API servers of the cluster, and which of them leads',
      answers: { 200: { type: 'application/json', shape: { component: 'items' } } },
      handle: async () => ({ status: 200, body: { items: await api.servers() } }),
    }),
    route({
      method: 'GET',
      action: 'state',
      access: 'admin',
      resource: 'state',
      verbs: ['get'],
      path: '/v1/state',
      summary: 'Show the complete stored state as of one revision, for snapshots',
      answers: json({ type: 'object' }),
      handle: () => state(parts),
    }),
    route({
      method: 'GET',
      action: 'stats',
      access: 'token',
      path: '/v1/stats',
      summary:
        'Show the resource usage of the running tasks that the token may view, or of those of one node',
      query: z.strictObject({ node: z.string().min(1).max(253) }).partial(),
      answers: { 200: { type: 'application/json', shape: { component: 'items' } } },
      handle: async ({ query, who: { grants } }) => {
        const items = await api.stats(query);
        const mayLook = ({ task }: TaskStats): boolean =>
          allows(grants, { role: 'viewer', namespace: parseId(task).namespace });
        return { status: 200, body: { items: items.filter(mayLook) } };
      },
    }),
  ];
}

/** The documents, which are the same for every caller. `document` is called once all routes are known. */
export function documentRoutes(
  document: () => object,
  schemas: ReadonlyMap<string, object>,
  kinds: readonly KindDefinition[],
): readonly Route[] {
  const json = { 200: { type: 'application/json', shape: { schema: { type: 'object' } } } };
  return [
    route({
      method: 'GET',
      action: 'openapi',
      access: 'open',
      path: '/openapi.json',
      summary: 'This document',
      answers: json,
      handle: async () => ({ status: 200, body: document() }),
    }),
    ...kinds.map(({ kind }) =>
      route({
        method: 'GET',
        action: 'schema',
        access: 'open',
        path: `/schemas/${kind}.json`,
        summary: `Show the JSON schema of a ${kind} for apply`,
        answers: json,
        handle: async () => {
          const schema = schemas.get(kind);
          if (schema === undefined) {
            throw new GantryError(
              'UNSUPPORTED',
              `a ${kind} is written by the cluster itself, and cannot be applied`,
            );
          }
          return { status: 200, body: schema };
        },
      }),
    ),
  ];
}

/** Secrets that the state contains in plain text. Tokens are included as hashes only. */
export const STATE_SECRETS: readonly string[] = Object.freeze([
  'passwords of image registries (services and templates)',
  'values of environment variables (services and templates)',
  'hashes of access tokens',
]);

/** Returns the state without the leader lease. */
async function state({ api, store }: RouteParts): Promise<RouteResult> {
  const [{ name }, { entries, revision }] = await Promise.all([api.info(), store.list('')]);
  const kept = entries.filter(({ key }) => !key.startsWith('leader/'));
  const body = {
    cluster: name,
    revision,
    secrets: STATE_SECRETS,
    entries: kept.map(({ key, value }) => ({ key, value })),
  };
  return { status: 200, body };
}

async function ready({ store, clock }: RouteParts): Promise<RouteResult> {
  const stop = new AbortController();
  const cancel = clock.after(READY_MS, () => {
    stop.abort(new GantryError('TIMEOUT', `the store did not answer in ${READY_MS} ms`));
  });
  try {
    await store.get(ANY_KEY, { signal: stop.signal });
  } finally {
    cancel();
  }
  return { status: 200, body: { status: 'ok' } };
}
