import { KIND_DEFINITIONS } from '@gantry/core/model';

interface Stored {
  readonly key: string;
  readonly value: unknown;
}

interface StoredObject {
  readonly kind?: unknown;
  readonly spec?: unknown;
}

const TOKENS = 'hashes of access tokens';
const UNKNOWN = 'objects of kinds that this version of gantry does not know';

/**
 * Lists what stored entries contain that not everyone may read, in plain text, with the number of objects for each; empty
 * if there is nothing. What objects of a plugin's kind contain is unknown here.
 */
export function secretsIn(entries: readonly Stored[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { key, value } of entries)
    for (const what of contentsOf(key, value)) counts.set(what, (counts.get(what) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${what} (${count})`);
}

function contentsOf(key: string, value: unknown): readonly string[] {
  if (key.startsWith('tokens/')) return [TOKENS];
  const { kind, spec } = (value ?? {}) as StoredObject;
  if (typeof kind !== 'string' || spec === undefined) return [];
  const definition = KIND_DEFINITIONS.find((each) => each.kind === kind);
  if (definition === undefined) return [UNKNOWN];
  return definition.secrets?.contents?.(spec as never) ?? [];
}
