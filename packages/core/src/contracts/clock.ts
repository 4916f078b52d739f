/**
 * Time as a parameter. Everything that reads or waits for time is given a Clock, so that a test, or a simulation of a
 * whole cluster, owns it. The system clock lives in `system`, the test clock in `testing`.
 */
export interface Clock {
  /** Wall time, ms since the epoch. May jump; for showing and storing. */
  now(): number;
  /** Monotonic ms since an arbitrary start; for measuring and for deadlines. */
  elapsed(): number;
  /**
   * Resolves after `ms` (0: after other pending work had its turn).
   *
   * @throws `ABORTED` as soon as the signal fires.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `callback` once after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
}
