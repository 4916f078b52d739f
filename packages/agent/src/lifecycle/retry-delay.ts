import { type GantryError, isGantryError } from '@gantry/core';

const RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/** Delay before the next attempt after a number of failures in a row, ms: exponential, from 200 ms to 10 s. */
export function retryDelayMs(failures: number): number {
  return Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.max(0, Math.min(failures, 16) - 1));
}

/** Whether the same call may succeed later. */
export function isTransient(error: GantryError): boolean {
  return isGantryError(error, 'UNAVAILABLE', 'TIMEOUT');
}
