import { GantryError, type Issue } from '@gantry/core';
import { type InputKind, type InputMap, invalidObject, type KindDefinition } from '@gantry/core/model';
import { z } from 'zod';

/** Shape of every object body, before the schema of its kind is applied. */
export const objectBody = z.record(z.string(), z.unknown(), 'expected an object');

type Body = z.output<typeof objectBody>;

interface Place {
  readonly definition: KindDefinition;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** @throws `UNSUPPORTED` for a kind that only the cluster writes. */
export function checkWritable({ kind, input }: KindDefinition): void {
  if (input !== undefined) return;
  throw new GantryError('UNSUPPORTED', `a ${kind} is written by the cluster itself, and cannot be applied`);
}

/**
 * Returns the object as the API expects it: in the namespace of the path, if it names none.
 * @throws `INVALID_OBJECT` if path and body disagree.
 */
export function objectAt<K extends InputKind>(body: Body, place: Place): InputMap[K] & { kind: K } {
  const { definition, namespace, name } = place;
  const issues: Issue[] = [];
  const differs = (path: string, given: unknown, wanted: string): void => {
    issues.push({
      path,
      message: `the path says ${JSON.stringify(wanted)}, the object ${JSON.stringify(given)}`,
    });
  };
  if (body.kind !== definition.kind) differs('kind', body.kind, definition.kind);
  const meta = body.meta as Record<string, unknown> | null | undefined;
  const isMeta = typeof meta === 'object' && meta !== null && !Array.isArray(meta);
  if (isMeta && name !== undefined && typeof meta.name === 'string' && meta.name !== name) {
    differs('meta.name', meta.name, name);
  }
  if (isMeta && namespace !== undefined && meta.namespace !== undefined && meta.namespace !== namespace) {
    differs('meta.namespace', meta.namespace, namespace);
  }
  if (issues.length > 0) throw invalidObject(definition.kind, issues);
  const placed = isMeta && namespace !== undefined ? { ...body, meta: { ...meta, namespace } } : body;
  placeOf(placed, [definition]);
  return placed as unknown as InputMap[K] & { kind: K };
}

export interface ObjectPlace {
  readonly definition: KindDefinition;
  readonly namespace: string | undefined;
  /** ID as far as the object has a name. */
  readonly id: string;
}

/**
 * The place of an object of a body, for deciding whether the caller may write there.
 * @throws `INVALID_OBJECT` if the object would end up elsewhere: a name with a slash leads to another namespace.
 */
export function placeOf(body: Body, kinds: readonly KindDefinition[]): ObjectPlace {
  const definition = kinds.find(({ kind, input }) => kind === body.kind && input !== undefined);
  if (definition === undefined) {
    const expected = kinds.flatMap(({ kind, input }) => (input === undefined ? [] : [kind])).join(', ');
    throw invalidObject('object', [
      { path: 'kind', message: `expected one of ${expected}, got ${JSON.stringify(body.kind)}` },
    ]);
  }
  const { name, namespace } = (body.meta ?? {}) as { name?: unknown; namespace?: unknown };
  const issues: Issue[] = [];
  if (typeof name === 'string' && name.includes('/'))
    issues.push({ path: 'meta.name', message: 'has a slash' });
  if (namespace !== undefined && (typeof namespace !== 'string' || !/^[a-z0-9-]{1,63}$/.test(namespace))) {
    issues.push({ path: 'meta.namespace', message: 'expected a DNS label' });
  }
  if (issues.length > 0) throw invalidObject(definition.kind, issues);
  const where = definition.namespaced ? ((namespace as string | undefined) ?? 'default') : undefined;
  return {
    definition,
    namespace: where,
    id: `${where === undefined ? '' : `${where}/`}${typeof name === 'string' ? name : ''}`,
  };
}
