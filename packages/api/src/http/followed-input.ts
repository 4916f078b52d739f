import type { Clock } from '@gantry/core';

/** Passes input through and records when it has ended. */
export class FollowedInput implements AsyncIterable<Uint8Array> {
  readonly #input: AsyncIterable<Uint8Array>;
  #pieces = 0;
  #over = false;
  #onOver: () => void = () => {};

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for await (const data of this.#input) {
        this.#pieces++;
        yield data;
      }
    } finally {
      this.#over = true;
      this.#onOver();
    }
  }

  /**
   * Resolves once the input has ended, its reader has stopped, no data has arrived for `idleMs`, or the signal has
   * fired.
   */
  async finished(clock: Clock, idleMs: number, signal: AbortSignal): Promise<void> {
    if (this.#over || signal.aborted) return;
    const done = new AbortController();
    const over = new Promise<void>((resolve) => {
      this.#onOver = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true, signal: done.signal });
    });
    const idle = async (): Promise<void> => {
      for (let seen = -1; seen !== this.#pieces; ) {
        seen = this.#pieces;
        await clock.sleep(idleMs, done.signal);
      }
    };
    await Promise.race([over, idle().catch(() => undefined)]);
    done.abort();
  }
}
