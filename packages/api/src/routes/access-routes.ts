import { dnsLabel, invalidObject } from '@gantry/core/model';
import { z } from 'zod';
import type { VerbTable } from '../auth/verbs.ts';
import { type Route, route } from '../http/route.ts';

const word = z.string().min(1).max(63);
const query = z.strictObject({ verb: word, kind: word, namespace: dnsLabel }).partial();

/** Reports what the caller's own token allows. `table` is called once all routes are known. */
export function accessRoutes(table: () => VerbTable): readonly Route[] {
  return [
    route({
      method: 'GET',
      action: 'access',
      access: 'token',
      path: '/v1/access',
      summary:
        'Show the permissions of the token of this request: all of them, or whether one verb is allowed on one kind',
      query,
      answers: {
        200: { type: 'application/json', shape: { schema: { type: 'object', required: ['token'] } } },
      },
      handle: async ({ who, query: { verb, kind, namespace } }) => {
        const { id, name, grants, expiresAt } = who;
        const token = { id, name, grants, ...(expiresAt === undefined ? {} : { expiresAt }) };
        if (verb === undefined && kind === undefined)
          return { status: 200, body: { token, rules: table().rules(grants) } };
        if (verb === undefined || kind === undefined)
          throw invalidObject('access', [
            { path: verb === undefined ? 'verb' : 'kind', message: 'is missing' },
          ]);
        const decision = table().decide(grants, { verb, kind, namespace });
        if ('unknown' in decision) {
          const { unknown, expected } = decision;
          const given = unknown === 'verb' ? verb : kind;
          const of = unknown === 'verb' ? ` for a ${kind}` : '';
          const message = `expected one of ${expected.join(', ')}${of}, got ${JSON.stringify(given)}`;
          throw invalidObject('access', [{ path: unknown, message }]);
        }
        return { status: 200, body: { token, ...decision } };
      },
    }),
  ];
}
