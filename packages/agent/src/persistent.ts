import { type Clock, isGantryError, type Logger, toGantryError } from '@gantry/core';

const RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/** Repeats calls to an engine of a task that does not answer, with growing waits, as long as they are wanted. */
export class Persistent {
  readonly #task: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #wake: (() => void) | undefined;

  constructor(task: string, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#task = task;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Calls until the engine is there to answer, or the call is no longer wanted. */
  async call<T>(call: () => Promise<T>, isWanted: () => boolean): Promise<T> {
    let wait = RETRY_MS;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT') || !isWanted()) throw error;
        this.#logger.warn('the engine does not answer', { task: this.#task, error: toGantryError(error) });
        await this.#pause(wait);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
  }

  /** Ends a wait: what it waits for may no longer be wanted. */
  wake(): void {
    this.#wake?.();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
