import { GantryError } from '../errors.ts';
import type { KindDefinition } from './kind-definition.ts';
import type { Kind } from './kind-map.ts';
import { eventKind } from './kinds/event-kind.ts';
import { networkKind } from './kinds/network-kind.ts';
import { nodeKind } from './kinds/node-kind.ts';
import { serviceKind } from './kinds/service-kind.ts';
import { taskKind } from './kinds/task-kind.ts';
import { templateKind } from './kinds/template-kind.ts';

/** The kinds of the core. */
export const KIND_DEFINITIONS: readonly KindDefinition[] = Object.freeze([
  nodeKind,
  serviceKind,
  templateKind,
  taskKind,
  networkKind,
  eventKind,
]);

/** Kept in the store beside the kinds, or shown like one of them. */
const RESERVED: readonly string[] = Object.freeze(['cluster', 'server', 'token']);

/** Kinds by name, as an object says its own. */
export type KindTable = ReadonlyMap<Kind, KindDefinition>;

/**
 * The kinds of the core, and those of plugins.
 *
 * @throws `WIRING` for a kind whose name, plural or short name is another's, or is not a DNS label.
 */
export function allKinds(more: readonly KindDefinition[]): readonly KindDefinition[] {
  const all = [...KIND_DEFINITIONS, ...more];
  const taken = new Set([...RESERVED, ...RESERVED.map((name) => `${name}s`)]);
  for (const { kind, plural, shortNames } of all) {
    for (const name of new Set([kind, plural, ...shortNames])) {
      if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
        throw new GantryError('WIRING', `kind "${kind}": "${name}" is not a lower-case DNS label`);
      }
      if (taken.has(name)) throw new GantryError('WIRING', `kind "${kind}": the name "${name}" is taken`);
      taken.add(name);
    }
  }
  return all;
}

/** @throws `WIRING` as {@link allKinds}. */
export function kindTable(more: readonly KindDefinition[]): KindTable {
  return new Map(allKinds(more).map((definition) => [definition.kind, definition]));
}
