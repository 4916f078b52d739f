import type { Clock, Logger, Random } from '@gantry/core';
import type { Bucket } from './bucket.ts';
import type { Replica } from './replica.ts';

/** Number of sweeps in the time that deletes are kept: one a minute for 1 h. */
const PART = 60;
/** Maximum number of marks removed in one sweep, followed by the number removed concurrently. */
const PER_SWEEP = 1000;
const AT_A_TIME = 50;

export interface SweeperParts {
  readonly bucket: Bucket;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly deletesKeptMs: number;
}

/**
 * Removes old marks of deletions from the bucket, so that a deleted key eventually costs nothing. Age is measured by
 * the times of the bucket's own messages. Every store sweeps, each at its own time; the later one finds nothing to do.
 */
export class Sweeper {
  readonly #parts: SweeperParts;
  readonly #closing = new AbortController();

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  close(): void {
    this.#closing.abort();
  }

  /** Runs until it is closed. */
  async run(): Promise<void> {
    const { clock, random, logger, bucket, deletesKeptMs } = this.#parts;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const waitMs = (deletesKeptMs / PART) * (0.5 + random.next());
      await clock.sleep(waitMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#sweep().catch((error: unknown) =>
        logger.debug('old deletes could not be removed', { bucket: bucket.name, reason: String(error) }),
      );
    }
  }

  async #sweep(): Promise<void> {
    const { bucket, replica } = this.#parts;
    const old = this.#old();
    for (let from = 0; from < old.length && !this.#closing.signal.aborted; from += AT_A_TIME) {
      const some = old.slice(from, from + AT_A_TIME);
      await Promise.all(some.map(({ revision }) => bucket.remove(revision)));
      for (const { key, revision } of some)
        if (replica.deletions.get(key)?.revision === revision) replica.deletions.delete(key);
    }
  }

  #old(): { readonly key: string; readonly revision: number }[] {
    const { replica, deletesKeptMs } = this.#parts;
    const old: { key: string; revision: number }[] = [];
    for (const [key, { revision, atMs, isMark }] of replica.deletions) {
      if (old.length === PER_SWEEP || atMs > replica.timeMs - deletesKeptMs) break;
      if (isMark) old.push({ key, revision });
    }
    return old;
  }
}
