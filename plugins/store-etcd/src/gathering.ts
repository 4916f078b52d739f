import { type Clock, GantryError, isGantryError } from '@gantry/core';
import { type EncodedChange, fitsOne } from './plan-txns.ts';
import type { Answer, EncodedFence } from './txn.ts';

/** Number of transactions in flight from which further writes wait and go together. */
const UNDER_WAY = 4;

interface Waiting {
  readonly changes: readonly EncodedChange[];
  readonly fence: EncodedFence | undefined;
  /** Time of arrival, by the clock's `elapsed`. */
  readonly since: number;
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Executes one transaction, and returns the answer to each of its changes. */
type Write = (
  changes: readonly EncodedChange[],
  fence: EncodedFence | undefined,
) => Promise<readonly Answer[]>;

export interface GatheringParts {
  readonly write: Write;
  readonly clock: Clock;
  /** Maximum time before a write is sent, after which it fails. */
  readonly timeoutMs: number;
}

/**
 * Combines the writes of several commits into one transaction: while a few are in flight, further writes wait, and are
 * sent together when one returns. Under load each sync of etcd's disk then serves many writes; without load none waits.
 * Every change is checked and answered individually, so it does not matter which transaction contains it; all writes of
 * one transaction have the same fence. If etcd rejects a transaction because of one of its writes, each is sent again
 * alone.
 */
export class Gathering {
  readonly #parts: GatheringParts;
  #waiting: Waiting[] = [];
  #underWay = 0;

  constructor(parts: GatheringParts) {
    this.#parts = parts;
  }

  /** @throws `UNAVAILABLE` also if it could not be sent in time; the errors of {@link GatheringParts.write}. */
  write(changes: readonly EncodedChange[], fence: EncodedFence | undefined): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, fence, since: this.#parts.clock.elapsed(), resolve, reject });
      if (this.#underWay < UNDER_WAY) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#giveUpLate();
    const together = this.#take();
    if (together.length === 0) return;
    this.#underWay++;
    try {
      await this.#writeAll(together);
    } catch (error) {
      for (const { reject } of together) reject(error);
    } finally {
      this.#underWay--;
      void this.#send();
    }
  }

  async #writeAll(together: readonly Waiting[]): Promise<void> {
    const { write } = this.#parts;
    const all = together.flatMap(({ changes }) => changes);
    try {
      const answers = await write(all, together[0]?.fence);
      let from = 0;
      for (const { changes, resolve } of together) {
        resolve(answers.slice(from, from + changes.length));
        from += changes.length;
      }
    } catch (error) {
      if (together.length === 1 || !isGantryError(error, 'FORBIDDEN', 'EXHAUSTED')) throw error;
      const alone = ({ changes, fence, resolve, reject }: Waiting): Promise<void> =>
        write(changes, fence).then(resolve, reject);
      await Promise.all(together.map(alone));
    }
  }

  #giveUpLate(): void {
    const { clock, timeoutMs } = this.#parts;
    const now = clock.elapsed();
    while (this.#waiting[0] !== undefined && now - this.#waiting[0].since > timeoutMs) {
      const message = `store-etcd: the writes before it took longer than ${timeoutMs} ms; it was not sent`;
      this.#waiting.shift()?.reject(new GantryError('UNAVAILABLE', message));
    }
  }

  /** Takes from the front of the queue as much as fits into one transaction. */
  #take(): readonly Waiting[] {
    let count = 0;
    const changes: EncodedChange[] = [];
    for (const waiting of this.#waiting) {
      if (count > 0 && !isSame(waiting.fence, this.#waiting[0]?.fence)) break;
      if (count > 0 && !fitsOne([...changes, ...waiting.changes])) break;
      changes.push(...waiting.changes);
      count++;
    }
    const together = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return together;
  }
}

function isSame(a: EncodedFence | undefined, b: EncodedFence | undefined): boolean {
  return a?.name === b?.name && a?.revision === b?.revision;
}
