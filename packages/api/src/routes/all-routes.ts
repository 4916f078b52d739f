import { GantryError } from '@gantry/core';
import type { KindDefinition } from '@gantry/core/model';
import type { Route } from '../http/route.ts';
import { components } from '../openapi/components.ts';
import { openApiDocument } from '../openapi/document.ts';
import { inputSchemas } from '../openapi/schemas.ts';
import { aboutRoutes } from './about-routes.ts';
import { accessRoutes } from './access-routes.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { logRoutes } from './log-routes.ts';
import { nodeRoutes } from './node-routes.ts';
import { objectRoutes } from './object-routes.ts';
import type { RouteParts } from './parts.ts';
import { serviceRoutes } from './service-routes.ts';
import { documentRoutes, systemRoutes } from './system-routes.ts';
import { taskRoutes } from './task-routes.ts';
import { tokenRoutes } from './token-routes.ts';

const RESERVED = ['access', 'apply', 'info', 'namespaces', 'plan', 'servers', 'state', 'stats', 'tokens'];

/**
 * Checks that every kind has a unique path.
 * @throws `WIRING`.
 */
export function checkPlurals(kinds: readonly KindDefinition[]): void {
  const taken = new Map(RESERVED.map((name) => [name, 'the API itself']));
  for (const { kind, plural } of kinds) {
    const owner = taken.get(plural);
    if (owner !== undefined || !/^[a-z][a-z0-9-]{0,62}$/.test(plural)) {
      const why = owner === undefined ? 'is not a valid path segment' : `is taken by ${owner}`;
      throw new GantryError('WIRING', `api-server: kind "${kind}": its plural "${plural}" ${why}`);
    }
    taken.set(plural, `kind "${kind}"`);
  }
}

/** All routes, including the document that describes them. */
export function allRoutes(parts: RouteParts, version: string): readonly Route[] {
  const { kinds } = parts;
  const schemas = inputSchemas(kinds);
  const document = (): object =>
    openApiDocument(routes, components(kinds, schemas), { title: 'Gantry', version });
  const routes: readonly Route[] = [
    ...systemRoutes(parts),
    ...documentRoutes(document, schemas, kinds),
    ...bulkRoutes(parts),
    ...accessRoutes(parts),
    ...tokenRoutes(parts),
    ...kinds.flatMap((definition) => kindRoutes(definition, parts)),
  ];
  return routes;
}

function kindRoutes(definition: KindDefinition, parts: RouteParts): readonly Route[] {
  const common = [...objectRoutes(definition, parts), ...aboutRoutes(definition, parts)];
  switch (definition.kind) {
    case 'service':
      return [...common, ...serviceRoutes(definition, parts), ...logRoutes(definition, parts)];
    case 'task':
      return [...common, ...taskRoutes(definition, parts), ...logRoutes(definition, parts)];
    case 'node':
      return [...common, ...nodeRoutes(definition, parts)];
    default:
      return common;
  }
}
