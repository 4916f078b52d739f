import { type GantryError, toGantryError } from '@gantry/core';
import type { Outcome } from '@gantry/core/contracts';
import type { Codec } from './codec.ts';
import { type Compare, MOD_REVISION, type RequestOp, type TxnRequest, type TxnResponse } from './etcd-api.ts';
import type { EncodedChange } from './plan-txns.ts';

/** The fence of a commit: a key and the revision that it must have, 0 for absence. */
export interface EncodedFence {
  /** The key as the store has it. */
  readonly name: string;
  readonly key: Buffer;
  readonly revision: number;
}

/**
 * Builds one transaction from some changes. Those with an expectation are transactions within it, so that each is
 * checked and answered individually; the fence is the condition of the whole.
 */
export function txnOf(changes: readonly EncodedChange[], fence: EncodedFence | undefined): TxnRequest {
  return {
    compare: fence === undefined ? [] : [hasRevision(fence.key, fence.revision)],
    success: changes.map(opOf),
    failure: [],
  };
}

/** Result of a change: an error if it was rejected and the existing value cannot be read. */
export type Answer = Outcome | GantryError;

/** Results of the changes; undefined if the fence has changed. */
export function outcomesOf(
  { header, succeeded, responses = [] }: TxnResponse,
  changes: readonly EncodedChange[],
  codec: Codec,
): Answer[] | undefined {
  if (succeeded !== true) return undefined;
  return changes.map(({ expect }, index) => {
    const nested = responses[index]?.responseTxn;
    if (expect === undefined || nested?.succeeded === true) return { ok: true, revision: header.revision };
    const found = nested?.responses?.[0]?.responseRange?.kvs?.[0];
    try {
      return { ok: false, current: found && codec.entry(found) };
    } catch (error) {
      return toGantryError(error);
    }
  });
}

function opOf({ key, value, expect }: EncodedChange): RequestOp {
  const write = value === undefined ? { requestDeleteRange: { key } } : { requestPut: { key, value } };
  if (expect === undefined) return write;
  const compare = [hasRevision(key, expect === 'absent' ? 0 : revisionOf(expect))];
  return { requestTxn: { compare, success: [write], failure: [{ requestRange: { key } }] } };
}

function hasRevision(key: Buffer, modRevision: number): Compare {
  return { target: MOD_REVISION, key, modRevision };
}

/** A number that no write has ever had must not be taken for absence, which is 0 in etcd. */
export function revisionOf(expect: number): number {
  return Number.isSafeInteger(expect) && expect > 0 ? expect : -1;
}
