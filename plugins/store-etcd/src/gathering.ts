import type { Outcome } from '@gantry/core';
import { type EncodedChange, fitsOne } from './plan-txns.ts';
import type { EncodedFence } from './txn.ts';

/** So many transactions are under way before what comes waits to go together. */
const UNDER_WAY = 4;

interface Waiting {
  readonly changes: readonly EncodedChange[];
  readonly fence: EncodedFence | undefined;
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Does one transaction, and answers each of its changes. */
type Write = (
  changes: readonly EncodedChange[],
  fence: EncodedFence | undefined,
) => Promise<readonly Outcome[]>;

/**
 * Lets writes of several commits go in one transaction: while a few are under way, those that come wait, and set out
 * together when one is back. Under load each sync of etcd's disk then serves many; without load nothing waits. Every
 * change is checked and answered by itself, so it makes no difference whose transaction it is in; what goes together has
 * the same fence.
 */
export class Gathering {
  readonly #write: Write;
  #waiting: Waiting[] = [];
  #underWay = 0;

  constructor(write: Write) {
    this.#write = write;
  }

  write(changes: readonly EncodedChange[], fence: EncodedFence | undefined): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, fence, resolve, reject });
      if (this.#underWay < UNDER_WAY) void this.#send();
    });
  }

  async #send(): Promise<void> {
    const together = this.#take();
    if (together.length === 0) return;
    this.#underWay++;
    try {
      const all = together.flatMap(({ changes }) => changes);
      const outcomes = await this.#write(all, together[0]?.fence);
      let from = 0;
      for (const { changes, resolve } of together) {
        resolve(outcomes.slice(from, from + changes.length));
        from += changes.length;
      }
    } catch (error) {
      for (const { reject } of together) reject(error);
    } finally {
      this.#underWay--;
      void this.#send();
    }
  }

  /** From the front of the queue, as much as one transaction takes. */
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
