import { type Clock, isGantryError, type Logger, toGantryError } from '@gantry/core';

const RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/** What calls an engine: a task, which may cease to want the answer. */
export interface Caller {
  readonly name: string;
  /** Whether what it calls is still wanted. */
  isWanted(): boolean;
  /** Ends a wait; set while there is one. */
  wake: (() => void) | undefined;
}

interface Parts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Calls until the engine is there to answer, with growing waits, or the caller no longer wants it. */
export function persist<T>(caller: Caller, parts: Parts, call: () => Promise<T>): Promise<T> {
  return call().catch((error: unknown) => again(caller, parts, call, error));
}

async function again<T>(
  caller: Caller,
  { clock, logger }: Parts,
  call: () => Promise<T>,
  first: unknown,
): Promise<T> {
  let error = first;
  for (let wait = RETRY_MS; ; wait = Math.min(MAX_RETRY_MS, wait * 2)) {
    if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT') || !caller.isWanted()) throw error;
    logger.warn('the engine does not answer', { task: caller.name, error: toGantryError(error) });
    await pause(caller, clock, wait);
    try {
      return await call();
    } catch (next) {
      error = next;
    }
  }
}

function pause(caller: Caller, clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    caller.wake = () => {
      cancel();
      resolve();
    };
  });
}
