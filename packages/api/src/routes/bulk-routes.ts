import { type AnyInput, type Grant, invalidObject, type KindDefinition, type Role } from '@gantry/core/model';
import { z } from 'zod';
import { allows, writeAccess } from '../auth/access.ts';
import { forbidden } from '../auth/forbidden.ts';
import { queryFlag, queryManager } from '../http/query.ts';
import { type Call, type Route, route } from '../http/route.ts';
import { objectBody, placeOf } from './object-body.ts';
import type { RouteParts } from './parts.ts';

const bulkBody = z.strictObject({ objects: z.array(objectBody).max(10_000) });
type BulkBody = z.output<typeof bulkBody>;

const planQuery = z.strictObject({ manager: queryManager, force: queryFlag }).partial();
const applyQuery = planQuery.extend({ dryRun: queryFlag.optional() });

/** Maximum number of objects that the audit log names for one request. */
const NAMED = 20;

/** Several objects at once: applied all or none, or planned. */
export function bulkRoutes({ api, kinds }: RouteParts): readonly Route[] {
  const body = { schema: bulkBody, shape: { component: 'objects' } };
  const items = (component: string) => ({ 200: { type: 'application/json', shape: { component } } });

  /** Checks the caller's access to each object as if it had been sent on its own. */
  const admitted = (
    call: Call<unknown, BulkBody>,
    roleFor: (kind: KindDefinition) => Role,
  ): readonly AnyInput[] => {
    const { objects } = call.body;
    const places = objects.map((object, index) => {
      if (Object.hasOwn(object, 'kind')) return placeOf(object, kinds);
      throw invalidObject('objects', [{ path: `objects[${index}].kind`, message: 'is missing' }]);
    });
    for (const { definition: kind, namespace, id } of places) {
      const required: Grant = { role: roleFor(kind), namespace: namespace ?? '*' };
      if (!allows(call.who.grants, required)) throw forbidden(call.who, `${kind.kind} ${id}`, required);
    }
    call.note({
      objects: places.length,
      named: places.slice(0, NAMED).map(({ definition, id }) => `${definition.kind} ${id}`),
    });
    return objects as unknown as readonly AnyInput[];
  };

  return [
    route({
      method: 'POST',
      action: 'bulk-apply',
      access: 'token',
      bulk: true,
      path: '/v1/apply',
      summary: 'Apply objects: all or, if one of them is invalid, none',
      query: applyQuery,
      body,
      answers: items('object-items'),
      handle: async (call) => {
        const inputs = admitted(call, writeAccess);
        return { status: 200, body: { items: await api.applyAll(inputs, call.query) } };
      },
    }),
    route({
      method: 'POST',
      action: 'bulk-plan',
      access: 'token',
      bulk: true,
      path: '/v1/plan',
      summary: 'Show the effect of applying these objects; changes nothing',
      query: planQuery,
      body,
      answers: items('items'),
      handle: async (call) => {
        const inputs = admitted(call, () => 'viewer');
        return { status: 200, body: { items: await api.plan(inputs, call.query) } };
      },
    }),
  ];
}
