import { type ErrorCode, GantryError, isGantryError } from '@gantry/core';

const NO_SPACE: readonly unknown[] = ['ENOSPC', 28];
const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 28, 122, 27, 'EMFILE', 'ENFILE'];
/** LMDB's errors if the file is not an environment, has another version, or has pages that contradict each other. */
const DAMAGED: readonly unknown[] = [-30793, -30794, -30796, -30797, -30778];
const MAP_FULL = -30792;

/** Converts an error of the file system or LMDB; `doing` says what was attempted on which directory. */
export function failure(doing: string, error: unknown): GantryError {
  if (isGantryError(error)) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  const why = NO_SPACE.includes(code) ? 'the disk is full' : (message ?? String(error));
  const text = `store-lmdb: cannot ${doing}: ${why}`;
  return new GantryError(codeOf(code), text, { cause: error });
}

function codeOf(code: unknown): ErrorCode {
  if (FULL.includes(code) || code === MAP_FULL) return 'EXHAUSTED';
  return DAMAGED.includes(code) ? 'UNSUPPORTED' : 'UNAVAILABLE';
}
