import type { Clock } from '@gantry/core';

/** Waits between tries, all of which can be cut short when there is reason to try again now. */
export class Rests {
  readonly #clock: Clock;
  readonly #wakers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after so many ms, when it is woken, or when the signal fires. */
  rest(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        signal.removeEventListener('abort', wake);
        this.#wakers.delete(wake);
        resolve();
      };
      const cancel = this.#clock.after(ms, wake);
      signal.addEventListener('abort', wake, { once: true });
      this.#wakers.add(wake);
    });
  }

  wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }
}
