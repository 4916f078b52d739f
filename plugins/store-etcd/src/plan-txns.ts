import type { Change } from '@gantry/core';

/** A change in the form in which etcd takes it. */
export interface EncodedChange {
  readonly key: Buffer;
  /** Absent for a delete. */
  readonly value: Buffer | undefined;
  readonly expect: Change['expect'];
  /** The key as the store has it. */
  readonly name: string;
}

/** etcd takes 128, of which a nested transaction counts for two. */
const MAX_CHANGES = 100;
/** etcd takes requests of 1.5 MiB; the longest value and its key have room in this. */
const MAX_BYTES = 1_200_000;
/** What a change takes beside its keys and its value, at most. */
const OVERHEAD_BYTES = 100;

/**
 * Divides the changes of a commit into transactions, in order: as many in one as etcd takes, and each key once, since two
 * writes of one key need two revisions.
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

/** Whether one transaction takes all of these. */
export function fitsOne(changes: readonly EncodedChange[]): boolean {
  return planTxns(changes).length <= 1;
}

/** A change with an expectation names its key three times. */
function sizeOf({ key, value, expect }: EncodedChange): number {
  return OVERHEAD_BYTES + (expect === undefined ? 1 : 3) * key.length + (value?.length ?? 0);
}
