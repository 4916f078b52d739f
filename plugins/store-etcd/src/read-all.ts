import { isGantryError } from '@gantry/core';
import type { KeyValue, RangeRequest, RangeResponse } from './etcd-api.ts';

const FIRST_PAGE_KEYS = 1000;
const MAX_PAGE_KEYS = 10_000;
const MIN_PAGE_KEYS = 50;
const PAGE_BYTES = 4 * 1024 * 1024;
/** Number of paged attempts to read a list whose revision is compacted away; then it is read in one page. */
const PAGED_TRIES = 3;
const NOTHING = Buffer.alloc(1);

type Ask = (request: RangeRequest) => Promise<RangeResponse>;

export interface Range {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/** Reads all keys of a range, passing each to `take`: page by page, all at the revision of the first page. */
export async function readAll<T>(
  ask: Ask,
  range: Range,
  take: (kv: KeyValue) => T,
): Promise<{ readonly entries: readonly T[]; readonly revision: number }> {
  for (let tries = 1; ; tries++) {
    try {
      return await readPages(ask, range, take, tries > PAGED_TRIES);
    } catch (error) {
      if (tries > PAGED_TRIES || !isGantryError(error, 'COMPACTED')) throw error;
    }
  }
}

async function readPages<T>(ask: Ask, { key, rangeEnd }: Range, take: (kv: KeyValue) => T, whole: boolean) {
  const entries: T[] = [];
  let limit = whole ? 0 : FIRST_PAGE_KEYS;
  const first = await ask({ key, rangeEnd, limit });
  const { revision } = first.header;
  for (let page = first; ; ) {
    const kvs = page.kvs ?? [];
    for (const kv of kvs) entries.push(take(kv));
    const last = kvs.at(-1);
    if (page.more !== true || last === undefined) return { entries, revision };
    limit = nextLimit(kvs);
    page = await ask({ key: Buffer.concat([last.key, NOTHING]), rangeEnd, limit, revision });
  }
}

/** Number of keys that fit into a page if they are as long as those of the previous page. */
function nextLimit(kvs: readonly KeyValue[]): number {
  const bytes = kvs.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
  const fitting = Math.floor((PAGE_BYTES * kvs.length) / bytes);
  return Math.min(MAX_PAGE_KEYS, Math.max(MIN_PAGE_KEYS, fitting));
}
