import type { Change } from '@gantry/core/contracts';

/** A change as encoded for etcd. */
export interface EncodedChange {
  readonly key: Buffer;
  /** Absent for a delete. */
  readonly value: Buffer | undefined;
  readonly expect: Change['expect'];
  /** The key as the store has it. */
  readonly name: string;
}

/** etcd allows 128, of which a nested transaction counts for two. */
const MAX_CHANGES = 100;
/** etcd accepts requests of 1.5 MiB; the longest value and its key fit into this. */
const MAX_BYTES = 1_200_000;
/** Maximum size of a change in addition to its keys and its value. */
const OVERHEAD_BYTES = 100;

/**
 * Divides the changes of a commit into transactions, in order: as many in one as etcd accepts, and each key once, since
 * two writes of one key need two revisions.
 */
export function planTxns(changes: readonly EncodedChange[]): readonly (readonly EncodedChange[])[] {
  const txns: EncodedChange[][] = [];
  let txn: EncodedChange[] = [];
  let bytes = 0;
  const names = new Set<string>();
  for (const change of changes) {
    const size = sizeOf(change);
    const full = txn.length === MAX_CHANGES || bytes + size > MAX_BYTES || names.has(change.name);
    if (full && txn.length > 0) {
      txns.push(txn);
      txn = [];
      bytes = 0;
      names.clear();
    }
    txn.push(change);
    bytes += size;
    names.add(change.name);
  }
  if (txn.length > 0) txns.push(txn);
  return txns;
}

/** Whether all of these fit into one transaction. */
export function fitsOne(changes: readonly EncodedChange[]): boolean {
  return planTxns(changes).length <= 1;
}

/** A change with an expectation names its key three times. */
function sizeOf({ key, value, expect }: EncodedChange): number {
  return OVERHEAD_BYTES + (expect === undefined ? 1 : 3) * key.length + (value?.length ?? 0);
}
