import type { Mirror } from './mirror.ts';

const MESSAGES_AT_ONCE = 1000;

interface Turn {
  readonly key: string;
  /** Writes it, given the sequence that the whole bucket has to have then; false when it was refused. */
  readonly write: (bucketSequence: number) => Promise<boolean>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts the writes to a replicated bucket in a row. The leader of one checks what is expected of a key before it proposes
 * the write to the others and not when it is done (nats-server issue 4320), so of several on their way at once with the
 * same expectation all may be done. What is expected of the sequence of the whole bucket is checked when the write is
 * done: each write therefore also names that, counted on from the write before it, and no batch has a key twice. It names
 * the newest sequence up to which everything is known, so that what is expected is known to hold just then. What others
 * write in between makes the rest of a batch be refused, and it is tried again.
 */
export class Turns {
  readonly #mirror: Mirror;
  #waiting: Turn[] = [];
  #running = false;

  constructor(mirror: Mirror) {
    this.#mirror = mirror;
  }

  /** Resolves once it was its turn, whatever came of it; fails with what `write` fails with. */
  take(key: string, write: Turn['write']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, write, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    await null; // what comes in the same moment goes together
    while (this.#waiting.length > 0) {
      const batch = this.#next();
      const from = this.#mirror.knownTo;
      const results = await Promise.allSettled(batch.map(({ write }, index) => write(from + index)));
      const allDone = results.every((result) => result.status === 'fulfilled' && result.value);
      // Others have written: see what, or the next batch is refused as well.
      if (!allDone) await this.#mirror.upToDate(() => undefined).catch(() => undefined);
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled') batch[index]?.resolve();
        else batch[index]?.reject(result.reason);
      }
    }
    this.#running = false;
  }

  /** The oldest, each key once. */
  #next(): readonly Turn[] {
    const batch: Turn[] = [];
    const later: Turn[] = [];
    const keys = new Set<string>();
    for (const turn of this.#waiting) {
      if (batch.length === MESSAGES_AT_ONCE || keys.has(turn.key)) later.push(turn);
      else batch.push(turn);
      keys.add(turn.key);
    }
    this.#waiting = later;
    return batch;
  }
}
