import { GantryError, STORE_KEYS, type Store } from '@gantry/core';
import { SNAPSHOT_FORMAT, type Snapshot, type SnapshotEntry } from './snapshot-format.ts';

/** Who leads is not part of a state, and who is in a snapshot leads no more. */
const LEFT_OUT = 'leader/';
/** A cluster that is restored has other revisions than the one that was saved: it is another one to who watches. */
const IDENTITY = STORE_KEYS.identity;

const PER_COMMIT = 1000;

export interface RestoreOptions {
  /** Replace what is there. Without it a store that holds anything is left as it is. */
  readonly replace?: boolean;
  /** Called after each commit. */
  readonly onProgress?: (written: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Everything a store holds, as it was at one revision. */
export async function takeSnapshot(
  store: Store,
  {
    cluster,
    now,
    signal,
  }: { readonly cluster?: string; readonly now: number; readonly signal?: AbortSignal },
): Promise<Snapshot> {
  const { entries: all, revision } = await store.list('', { signal });
  const entries = all
    .filter(({ key }) => !key.startsWith(LEFT_OUT))
    .map(({ key, value }): SnapshotEntry => ({ key, value }));
  const schema = (
    entries.find(({ key }) => key === STORE_KEYS.schema)?.value as { version?: number } | undefined
  )?.version;
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
 * Writes a snapshot into a store whose control plane does not run. May be repeated when it was interrupted.
 *
 * @throws `ALREADY_EXISTS` where the store is not empty and is not to be replaced; `CONFLICT` where somebody leads: a
 * control plane runs, and would act on what is half restored.
 */
export async function restoreSnapshot(
  store: Store,
  { entries }: Snapshot,
  { replace = false, onProgress, signal }: RestoreOptions = {},
): Promise<void> {
  const { entries: there } = await store.list('', { signal });
  const lease = there.find(({ key }) => key === STORE_KEYS.lease)?.value as { holder?: string } | undefined;
  if (lease?.holder) {
    const message = `${lease.holder} leads a cluster over this store, or has crashed while it did: end its servers first`;
    if (!replace) throw new GantryError('CONFLICT', message);
  }
  const own = there.filter(({ key }) => !key.startsWith(LEFT_OUT));
  if (own.length > 0 && !replace) {
    const message = `the store is not empty: it holds ${own.length} entries, such as "${own[0]?.key}"`;
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
