import type { Clock } from '../contracts/clock.ts';

/** Longest turn of the event loop, ms: long enough to batch, short enough for heartbeats and leases. */
const TURN_MS = 50;

/**
 * Measures how long work has kept the event loop in one turn. Work that only waits for promises of this process would never
 * let it turn: timers, sockets and the renewal of a lease would wait for the end of all of it.
 */
export class LoopTurn implements Disposable {
  readonly #clock: Clock;
  #began: number | undefined;
  #cancel = (): void => {};

  /** Creates one that measures with this clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether this turn has lasted long enough: the caller continues after `clock.sleep(0)` or `clock.after(0)`. */
  get isOver(): boolean {
    if (this.#began === undefined) {
      this.#began = this.#clock.elapsed();
      this.#cancel = this.#clock.after(0, () => {
        this.#began = undefined;
      });
      return false;
    }
    return this.#clock.elapsed() - this.#began >= TURN_MS;
  }

  /** Cancels what is pending. */
  [Symbol.dispose](): void {
    this.#cancel();
    this.#began = undefined;
  }
}
