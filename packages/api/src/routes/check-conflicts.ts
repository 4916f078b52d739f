import { GantryError } from '@gantry/core';
import type { Route } from '../http/route.ts';

/** Name of the plugin that has the built-in routes. */
const OWN = 'api-server';

/**
 * Checks the routes of plugins against all others: no request may have two routes, and no verb of a kind two meanings.
 *
 * @throws `WIRING` with the names of both plugins.
 */
export function checkConflicts(routes: readonly Route[]): void {
  for (const [index, route] of routes.entries()) {
    for (const other of routes.slice(0, index)) {
      if (route.plugin === undefined && other.plugin === undefined) continue;
      if (route.method === other.method && overlap(route.path, other.path))
        fail(route, other, `both answer ${route.method} ${route.path}`);
      const verb = route.verbs?.find((each) => other.verbs?.includes(each));
      if (verb !== undefined && resourceOf(route) === resourceOf(other))
        fail(route, other, `both are "${verb} ${resourceOf(route)}"`);
    }
  }
}

/** Whether there is a path that both patterns match. */
function overlap(one: string, other: string): boolean {
  const [left, right] = [one.split('/'), other.split('/')];
  if (left.length !== right.length) return false;
  return left.every((segment, index) => {
    const beside = right[index] as string;
    return segment === beside || isParameter(segment) || isParameter(beside);
  });
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}

function resourceOf({ resource, kind }: Route): string | undefined {
  return resource ?? kind?.kind;
}

function fail(route: Route, other: Route, why: string): never {
  const owners = [other, route].map(({ plugin = OWN }) => plugin);
  const [first, second] = [other, route].map(
    ({ plugin = OWN, method, path }) => `${method} ${path} of ${plugin}`,
  );
  throw new GantryError('WIRING', `routes conflict: ${first} and ${second}: ${why}`, {
    details: { plugins: owners },
  });
}
