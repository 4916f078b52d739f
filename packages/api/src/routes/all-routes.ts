import { GantryError } from '@gantry/core';
import type { ApiRoutes } from '@gantry/core/api';
import type { Kind, KindDefinition } from '@gantry/core/model';
import { VerbTable } from '../auth/verbs.ts';
import type { Route } from '../http/route.ts';
import { components } from '../openapi/components.ts';
import { openApiDocument } from '../openapi/document.ts';
import { inputSchemas } from '../openapi/schemas.ts';
import { aboutRoutes, explainRoutes } from './about-routes.ts';
import { accessRoutes } from './access-routes.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { checkConflicts } from './check-conflicts.ts';
import { logRoutes } from './log-routes.ts';
import { nodeRoutes } from './node-routes.ts';
import { objectRoutes } from './object-routes.ts';
import type { RouteParts } from './parts.ts';
import { pluginRoutes } from './plugin-routes.ts';
import { serviceRoutes } from './service-routes.ts';
import { documentRoutes, systemRoutes } from './system-routes.ts';
import { taskRoutes } from './task-routes.ts';
import { tokenRoutes } from './token-routes.ts';

const RESERVED = ['access', 'apply', 'info', 'namespaces', 'plan', 'servers', 'state', 'stats', 'tokens'];

/**
 * Checks that every kind has a unique path, and that the objects through which others may be viewed can be found.
 * @throws `WIRING`.
 */
export function checkKinds(kinds: readonly KindDefinition[]): void {
  checkPlurals(kinds);
  for (const { kind, namespaced, access } of kinds) {
    for (const { kind: name, index } of access?.viewedThrough ?? []) {
      const other = kinds.find((each) => each.kind === name);
      const why = namespaced
        ? 'it is namespaced'
        : other?.namespaced !== true
          ? 'no namespaced kind has this name'
          : other.indexes?.[index] === undefined
            ? `that kind has no index "${index}"`
            : undefined;
      if (why !== undefined)
        throw new GantryError(
          'WIRING',
          `api-server: kind "${kind}" cannot be viewed through "${name}": ${why}`,
        );
    }
  }
}

function checkPlurals(kinds: readonly KindDefinition[]): void {
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

/**
 * All routes, including the document that describes them.
 *
 * @param providers the routes of plugins
 * @throws `WIRING` for a route of a plugin that is not well formed or that conflicts with another.
 */
export function allRoutes(
  parts: RouteParts,
  version: string,
  providers: readonly ApiRoutes[] = [],
): readonly Route[] {
  const { kinds } = parts;
  const schemas = inputSchemas(kinds);
  const named = components(kinds, schemas);
  const document = (): object => openApiDocument(routes, named, { title: 'Gantry', version });
  const verbs = once(() => new VerbTable(routes, kinds));
  const routes: readonly Route[] = [
    ...systemRoutes(parts),
    ...documentRoutes(document, schemas, kinds),
    ...bulkRoutes(parts),
    ...accessRoutes(verbs),
    ...tokenRoutes(parts),
    ...kinds.flatMap((kind) => [...objectRoutes(kind, parts), ...aboutRoutes(kind, parts)]),
    ...coreKindRoutes(parts),
    ...pluginRoutes(providers, new Set(Object.keys(named)), parts),
  ];
  checkConflicts(routes);
  return routes;
}

/** What the kinds of the core have in addition to the routes of every kind. */
function coreKindRoutes(parts: RouteParts): readonly Route[] {
  const table = new Map(parts.kinds.map((definition) => [definition.kind, definition]));
  const of = <K extends Kind>(kind: K) => table.get(kind) as KindDefinition<K>;
  const [service, task, node] = [of('service'), of('task'), of('node')];
  return [
    ...explainRoutes(service, parts),
    ...logRoutes(service, (id) => ({ service: id }), parts),
    ...serviceRoutes(service, parts),
    ...explainRoutes(task, parts),
    ...logRoutes(task, (id) => ({ task: id }), parts),
    ...taskRoutes(task, parts),
    ...nodeRoutes(node, parts),
  ];
}

function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
}
