import { type Clock, GantryError, type Store } from '@gantry/core';
import { SCHEMA_VERSION, STORE_KEYS } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { SNAPSHOT_FORMAT, type Snapshot, type SnapshotEntry } from './snapshot-format.ts';

/** Leadership is not part of a state: the leader named in a snapshot has stopped leading. */
const LEFT_OUT = 'leader/';
/** A restored cluster has other revisions than the saved one: to watchers it is another cluster. */
const IDENTITY = STORE_KEYS.identity;

const PER_COMMIT = 1000;

export interface SnapshotFacts {
  /** Name of the cluster. */
  readonly cluster?: string;
  /** When it was taken, ms since the epoch. */
  readonly now: number;
}

export interface RestoreOptions {
  /** Used to check whether a recorded leader is still active. */
  readonly clock: Clock;
  /** Replace the contents of the store. By default a store that is not empty is left unchanged. */
  readonly replace?: boolean;
  /** Called after each commit. */
  readonly onProgress?: (written: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Everything a store holds, as it was at one revision. */
export async function takeSnapshot(
  store: Store,
  { signal, ...facts }: SnapshotFacts & { readonly signal?: AbortSignal },
): Promise<Snapshot> {
  const { entries, revision } = await store.list('', { signal });
  return snapshotOf(entries, revision, facts);
}

/** A snapshot of entries that were read at one revision. */
export function snapshotOf(
  all: readonly SnapshotEntry[],
  revision: number,
  { cluster, now }: SnapshotFacts,
): Snapshot {
  const entries = all
    .filter(({ key }) => !key.startsWith(LEFT_OUT))
    .map(({ key, value }): SnapshotEntry => ({ key, value }));
  const schema = schemaOf(entries);
  return {
    header: {
      gantry: 'snapshot',
      format: SNAPSHOT_FORMAT,
      ...(schema !== undefined && { schema }),
      ...(cluster !== undefined && { cluster }),
      takenAt: new Date(now).toISOString(),
      revision,
      entries: entries.length,
    },
    entries,
  };
}

/**
 * Writes a snapshot into a store whose control plane does not run. May be repeated after an interruption. If the store
 * names a leader, waits for the length of a lease first, to check that the leader is still active.
 *
 * @throws `UNSUPPORTED` for a state of a newer version than this release knows; `ALREADY_EXISTS` if the store is not
 * empty and may not be replaced; `CONFLICT` if there is an active leader: its control plane would act on a partly
 * restored state.
 */
export async function restoreSnapshot(
  store: Store,
  { entries }: Snapshot,
  { clock, replace = false, onProgress, signal }: RestoreOptions,
): Promise<void> {
  const schema = schemaOf(entries) ?? 0;
  if (schema > SCHEMA_VERSION) {
    const known = `this program knows versions up to ${SCHEMA_VERSION}`;
    throw new GantryError(
      'UNSUPPORTED',
      `the state in it has version ${schema}, and ${known}: use a newer one`,
    );
  }
  await checkNobodyLeads(store, clock, signal);
  const { entries: there } = await store.list('', { signal });
  const own = there.filter(({ key }) => !key.startsWith(LEFT_OUT));
  if (own.length > 0 && !replace) {
    const message = `the store is not empty: it holds ${counted(own.length, 'entry', 'entries')}, such as "${own[0]?.key}"`;
    throw new GantryError('ALREADY_EXISTS', message);
  }
  const wanted = new Map(entries.filter(({ key }) => key !== IDENTITY).map(({ key, value }) => [key, value]));
  const changes = [
    ...there.filter(({ key }) => !wanted.has(key)).map(({ key }) => ({ key, value: undefined })),
    ...[...wanted].map(([key, value]) => ({ key, value })),
  ];
  for (let at = 0; at < changes.length; at += PER_COMMIT) {
    await store.commit(changes.slice(at, at + PER_COMMIT), { signal });
    onProgress?.(Math.min(at + PER_COMMIT, changes.length), changes.length);
  }
}

/** A leader renews its lease several times within its length; one that has crashed does not. */
async function checkNobodyLeads(store: Store, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const lease = async () => {
    const entry = await store.get(STORE_KEYS.lease, { signal });
    const { holder = '', leaseMs = 0 } = (entry?.value ?? {}) as { holder?: string; leaseMs?: number };
    return { holder, leaseMs, revision: entry?.revision };
  };
  const before = await lease();
  if (before.holder === '') return;
  await clock.sleep(before.leaseMs, signal);
  const after = await lease();
  if (after.holder === '' || after.revision === before.revision) return;
  throw new GantryError(
    'CONFLICT',
    `${after.holder} leads a cluster over this store: stop its servers first`,
  );
}

function schemaOf(entries: readonly SnapshotEntry[]): number | undefined {
  const entry = entries.find(({ key }) => key === STORE_KEYS.schema);
  return (entry?.value as { version?: number } | undefined)?.version;
}
