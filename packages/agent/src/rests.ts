import { type Clock, GantryError } from '@gantry/core';

/** Waits for answers and between tries, all of which can be cut short when there is reason to try again now. */
export class Rests {
  readonly #clock: Clock;
  readonly #wakers = new Set<() => void>();
  #calls = new AbortController();
  /** Made once for all calls until the next hurry: they are many. */
  #during = new WeakMap<AbortSignal, AbortSignal>();

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

  /** For a call that is to be given up when there is reason to try again. */
  during(signal: AbortSignal): AbortSignal {
    const known = this.#during.get(signal);
    if (known !== undefined) return known;
    const during = AbortSignal.any([signal, this.#calls.signal]);
    this.#during.set(signal, during);
    return during;
  }

  /** Gives up the calls that wait for who may be gone, and ends the rests. */
  hurry(): void {
    this.#calls.abort(new GantryError('UNAVAILABLE', 'somebody else leads now'));
    this.#calls = new AbortController();
    this.#during = new WeakMap();
    this.wake();
  }

  wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }
}
