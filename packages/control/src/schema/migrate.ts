import { GantryError, type Store } from '@gantry/core';
import type { Change, Entry } from '@gantry/core/contracts';
import { STORE_KEYS } from '@gantry/core/model';

/** A step from one version of the stored objects to the next. */
export interface Migration {
  /** The version it begins with; it ends with the next one. */
  readonly from: number;
  /**
   * The new value, the old one if nothing changes, or `undefined` to delete. Applied to its own result it changes
   * nothing: an interrupted migration is repeated from the start.
   */
  readonly change: (entry: Entry) => unknown;
}

/** None so far: there is only one version. */
export const MIGRATIONS: readonly Migration[] = Object.freeze([]);

const PER_COMMIT = 500;
const TRIES = 10;

interface Wanted {
  readonly version: number;
  readonly migrations: readonly Migration[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Migrates the stored objects to the wanted version, and records that version. Several servers may do so concurrently.
 *
 * @throws `UNSUPPORTED` if the stored version is newer, or so old that no migration leads here; names both versions.
 */
export async function migrate(
  store: Store,
  { version, migrations, signal }: Wanted,
): Promise<{ readonly from: number | undefined; readonly changed: number }> {
  let changed = 0;
  let from: number | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const { entries } = await store.list('', { signal });
    const noted = entries.find(({ key }) => key === STORE_KEYS.schema);
    const found = (noted?.value as { version?: number } | undefined)?.version;
    from ??= found;
    if (found === version) return { from, changed };
    if (found !== undefined && found > version)
      throw refused(
        `its version is ${found}, and this program knows versions up to ${version}: use a newer one`,
      );
    if (found !== undefined)
      changed += await apply(store, entries, steps(found, version, migrations), signal);
    const note: Change = { key: STORE_KEYS.schema, value: { version }, expect: noted?.revision ?? 'absent' };
    const [outcome] = await store.commit([note], { signal });
    if (outcome?.ok === true) return { from, changed };
  }
  throw new GantryError('CONFLICT', 'the schema version of the store keeps changing');
}

function steps(from: number, to: number, migrations: readonly Migration[]): readonly Migration[] {
  return Array.from({ length: to - from }, (_, index) => {
    const step = migrations.find((migration) => migration.from === from + index);
    if (step !== undefined) return step;
    throw refused(`its version is ${from}, and no migration leads from version ${from + index} to ${to}`);
  });
}

async function apply(
  store: Store,
  entries: readonly Entry[],
  migrations: readonly Migration[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const changes = entries.flatMap((entry): Change[] => {
    if (entry.key === STORE_KEYS.schema) return [];
    let { value } = entry;
    for (const { change } of migrations) if (value !== undefined) value = change({ ...entry, value });
    return value === entry.value ? [] : [{ key: entry.key, value, expect: entry.revision }];
  });
  for (let at = 0; at < changes.length; at += PER_COMMIT) {
    const outcomes = await store.commit(changes.slice(at, at + PER_COMMIT), { signal });
    if (outcomes.some(({ ok }) => !ok))
      throw new GantryError(
        'CONFLICT',
        'the stored objects changed during their migration to another version',
      );
  }
  return changes.length;
}

function refused(message: string): GantryError {
  return new GantryError('UNSUPPORTED', `cannot use the stored objects: ${message}`);
}
