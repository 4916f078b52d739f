import { type Clock, type GantryError, isGantryError, type Logger, toGantryError } from '@gantry/core';

const RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/** A task that calls an engine, and may stop wanting the result. */
export interface EngineCaller {
  readonly name: string;
  /** Whether the result of its call is still wanted. */
  isWanted(): boolean;
  /** Ends a delay between two attempts; set while there is one. */
  wake: (() => void) | undefined;
}

export interface RetryParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RetryOptions {
  /** Whether an error is worth another attempt. Default: `UNAVAILABLE` and `TIMEOUT`. */
  readonly retries?: (error: unknown) => boolean;
  /** Called after each failed attempt that is followed by another one after `waitMs`. */
  readonly onRetry: (error: GantryError, waitMs: number) => void;
}

/**
 * Repeats a call of an engine that has failed with `first`, with exponential backoff, until it answers or the caller no
 * longer wants the result.
 */
export async function retryUntilAvailable<T>(
  caller: EngineCaller,
  { clock, logger }: RetryParts,
  call: () => Promise<T>,
  first: unknown,
  { retries = isTransient, onRetry }: RetryOptions,
): Promise<T> {
  let error = first;
  for (let wait = RETRY_MS; ; wait = Math.min(MAX_RETRY_MS, wait * 2)) {
    if (!retries(error) || !caller.isWanted()) throw error;
    const known = toGantryError(error);
    logger.warn('engine call failed', { task: caller.name, error: known, retryInMs: wait });
    onRetry(known, wait);
    await pause(caller, clock, wait);
    try {
      return await call();
    } catch (next) {
      error = next;
    }
  }
}

function isTransient(error: unknown): boolean {
  return isGantryError(error, 'UNAVAILABLE', 'TIMEOUT');
}

function pause(caller: EngineCaller, clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    caller.wake = () => {
      cancel();
      resolve();
    };
  });
}
