import type { Mirror } from './mirror.ts';

const MESSAGES_AT_ONCE = 1000;

interface Turn {
  readonly key: string;
  /** Writes it, given the sequence that the whole bucket must have by then; false if the server rejected it. */
  readonly write: (bucketSequence: number) => Promise<boolean>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Serializes the writes to a replicated bucket. The leader of its stream checks the expectation about a key before it
 * proposes the write to the others, and not when the write is applied (nats-server issue 4320), so several writes in
 * flight with the same expectation may all succeed. The expected sequence of the whole bucket is checked when the write
 * is applied: each write therefore also names that sequence, counted on from the previous write, and no batch has a key
 * twice. A batch starts from the newest sequence up to which everything is known, so the expectations about its keys
 * are known to hold at exactly that point. A concurrent write of another process makes the server reject the rest of a
 * batch, which is then retried.
 */
export class Turns {
  readonly #mirror: Mirror;
  #waiting: Turn[] = [];
  #running = false;

  constructor(mirror: Mirror) {
    this.#mirror = mirror;
  }

  /** Resolves after its turn, whatever the result; fails with the error that `write` fails with. */
  take(key: string, write: Turn['write']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, write, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    await null; // writes of the same moment go together
    while (this.#waiting.length > 0) {
      const batch = this.#next();
      const from = this.#mirror.knownTo;
      const results = await Promise.allSettled(batch.map(({ write }, index) => write(from + index)));
      const allDone = results.every((result) => result.status === 'fulfilled' && result.value);
      // Others have written: catch up, or the next batch is rejected as well.
      if (!allDone) await this.#mirror.upToDate(() => undefined).catch(() => undefined);
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled') batch[index]?.resolve();
        else batch[index]?.reject(result.reason);
      }
    }
    this.#running = false;
  }

  /** The oldest writes, each key once. */
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
