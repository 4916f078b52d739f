import { GantryError, isGantryError } from '@gantry/core';
import type { InputKind, Kind, KindDefinition } from '@gantry/core/model';
import { z } from 'zod';
import { readAccess, writeAccess } from '../auth/access.ts';
import { shownObject } from '../auth/shown-object.ts';
import { specAccess } from '../auth/spec-access.ts';
import { queryCount, queryFlag, queryInt, queryManager } from '../http/query.ts';
import { type Route, route } from '../http/route.ts';
import { selectionOf } from '../watch/selection.ts';
import { serveWatch } from '../watch/serve-watch.ts';
import { checkWritable, objectAt, objectBody } from './object-body.ts';
import type { RouteParts } from './parts.ts';
import { collectionPath, objectPath } from './paths.ts';

const listQuery = z
  .strictObject({
    labelSelector: z.string().max(4096),
    fieldSelector: z.string().max(4096),
    limit: queryCount,
    continue: z.string().max(4096),
    watch: queryFlag,
    since: queryInt,
    uid: z.string().max(100),
  })
  .partial();

const writeQuery = z.strictObject({ dryRun: queryFlag }).partial();
const applyQuery = z.strictObject({ manager: queryManager, force: queryFlag, dryRun: queryFlag }).partial();
const patchQuery = z.strictObject({ revision: queryInt, dryRun: queryFlag }).partial();

const JSON_TYPE = 'application/json';

/** Routes of every kind: list, watch, create, get, apply, patch, delete. */
export function objectRoutes(definition: KindDefinition, parts: RouteParts): readonly Route[] {
  const { kind, input } = definition;
  const write = writeAccess(definition);
  /** Verbs that apply only to kinds that users write. */
  const ifWritten = (verb: string): readonly string[] => (input === undefined ? [] : [verb]);
  const one = { type: JSON_TYPE, shape: { component: kind } };
  const path = objectPath(definition);
  const own = { kind: definition, action: 'object', path };
  const body = { schema: objectBody, shape: { component: `${kind}-input` } };
  const { api } = parts;
  return [
    route({
      ...own,
      method: 'GET',
      access: readAccess(definition),
      verbs: ['get'],
      summary: `Get a ${kind}`,
      answers: { 200: one },
      handle: async ({ id, who }) => ({ status: 200, body: await shownObject(who, definition, id, parts) }),
    }),
    listRoute(definition, `/v1/${definition.plural}`, parts),
    ...(definition.namespaced ? [listRoute(definition, collectionPath(definition), parts)] : []),
    route({
      method: 'POST',
      kind: definition,
      action: 'collection',
      access: write,
      verbs: ifWritten('create'),
      path: collectionPath(definition),
      summary: `Create a ${kind}`,
      query: writeQuery,
      body,
      answers: { 201: one },
      handle: async ({ namespace, query, body: given, note }) => {
        checkWritable(definition);
        const input = objectAt<InputKind>(given, { definition, namespace, name: undefined });
        const created = await api.create(input, query);
        note({ name: created.meta.name });
        return { status: 201, body: created };
      },
    }),
    route({
      ...own,
      method: 'PUT',
      access: write,
      verbs: ifWritten('apply'),
      summary: `Create or update a ${kind}`,
      query: applyQuery,
      body,
      answers: { 200: one, 201: one },
      handle: async ({ namespace, name, id, query, body: given }) => {
        checkWritable(definition);
        const input = objectAt<InputKind>(given, { definition, namespace, name });
        const there = await exists(parts, kind, id);
        return { status: there ? 200 : 201, body: await api.apply(input, query) };
      },
    }),
    route({
      ...own,
      method: 'PATCH',
      access: write,
      verbs: ifWritten('patch'),
      summary: `Change some fields of a ${kind}, by a JSON merge patch (RFC 7396)`,
      query: patchQuery,
      body: { schema: objectBody, shape: { schema: { type: 'object' } } },
      answers: { 200: one },
      handle: async ({ id, query, body: patch }) => {
        checkWritable(definition);
        return { status: 200, body: await api.patch(kind as InputKind, id, patch, query) };
      },
    }),
    route({
      ...own,
      method: 'DELETE',
      access: write,
      verbs: ['delete'],
      summary: `Delete a ${kind} with all that belongs to it`,
      query: writeQuery,
      answers: { 202: undefined },
      handle: async ({ id, query }) => {
        await api.delete(kind, id, query);
        return { status: 202 };
      },
    }),
  ];
}

function listRoute(definition: KindDefinition, path: string, parts: RouteParts): Route {
  const { kind, plural } = definition;
  const { api, hubs, json, uid } = parts;
  return route({
    method: 'GET',
    kind: definition,
    action: 'collection',
    access: 'viewer',
    verbs: ['list', 'watch'],
    path,
    summary: `List ${plural}, or with watch=true follow them`,
    query: listQuery,
    answers: {
      200: { type: JSON_TYPE, shape: { component: `${kind}-list` } },
    },
    handle: async (call) => {
      const { namespace, query } = call;
      const selecting = { namespace, labels: query.labelSelector, fields: query.fieldSelector };
      const { limit, since } = query;
      const access = specAccess(definition, call.who.grants);
      if (query.watch !== true) {
        refuseWith(query, ['since', 'uid'], 'only allowed with watch=true');
        const options = { ...selecting, limit, continue: query.continue };
        return { status: 200, body: json.list(await api.list<Kind>(kind, options), access) };
      }
      refuseWith(query, ['limit', 'continue'], 'not allowed with watch=true');
      if (since !== undefined && query.uid !== undefined && query.uid !== uid) {
        const message = `the cluster's state was lost: its uid is ${uid}, no longer ${query.uid}: list again`;
        throw new GantryError('COMPACTED', message, { details: { uid } });
      }
      await serveWatch(call, hubs.of(kind), selectionOf(definition, selecting, access), since, {
        ...parts,
        dropped: () => parts.metrics.dropped(),
      });
      return undefined;
    },
  });
}

/** Whether the object exists; only for the status of the response. */
async function exists({ api }: RouteParts, kind: Kind, id: string): Promise<boolean> {
  try {
    await api.get(kind, id);
    return true;
  } catch (error) {
    if (isGantryError(error, 'NOT_FOUND')) return false;
    throw error;
  }
}

function refuseWith(query: object, names: readonly string[], why: string): void {
  const name = names.find((each) => each in query);
  if (name !== undefined) throw new GantryError('INVALID_OBJECT', `query: ${name}: ${why}`);
}
