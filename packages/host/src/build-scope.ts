import type { Plugin, TokenScope } from '@gantry/core';
import type { TermParts } from './leading.ts';
import { Scope } from './scope.ts';

/**
 * Creates a scope in which every plugin of its kind is registered, in addition to the host's own parts; builds nothing
 * yet.
 */
export function scopeOf(
  kind: TokenScope,
  plugins: readonly Plugin[],
  parent: Scope | undefined,
  own: TermParts,
): Scope {
  const scope = new Scope(kind, parent);
  for (const [token, build] of own) scope.bind(token, `host:${token.id}`, build);
  for (const plugin of plugins) {
    if (plugin.provides.scope !== kind) continue;
    scope.bind(plugin.provides, plugin.name, (owner) => {
      const needs = Object.fromEntries(
        Object.entries(plugin.needs).map(([key, need]) => [key, owner.get(need)]),
      );
      return plugin.create(needs);
    });
  }
  return scope;
}

/** Builds every plugin that belongs to a scope. */
export function buildAll(scope: Scope, plugins: readonly Plugin[], kind: TokenScope): void {
  for (const plugin of plugins) if (plugin.provides.scope === kind) scope.get(plugin.provides);
}
