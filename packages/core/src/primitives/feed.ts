interface Reader<T> {
  batch: T[];
  wake: (() => void) | undefined;
}

/** Tells any number of readers what is pushed: each gets, as one batch, all that came since it last asked. */
export class Feed<T> {
  readonly #readers = new Set<Reader<T>>();
  #ended = false;

  /** Hands an item to every current reader. Never blocks. */
  push(item: T): void {
    for (const reader of this.#readers) {
      reader.batch.push(item);
      reader.wake?.();
    }
  }

  /** Reads from this call on, until the signal fires or the feed ends. */
  read(signal: AbortSignal): AsyncIterable<readonly T[]> {
    const reader: Reader<T> = { batch: [], wake: undefined };
    const leave = (): void => {
      this.#readers.delete(reader);
      signal.removeEventListener('abort', leave);
      reader.wake?.();
    };
    if (!signal.aborted && !this.#ended) {
      this.#readers.add(reader);
      signal.addEventListener('abort', leave);
    }
    return this.#batches(reader, leave);
  }

  /** Ends all readers. */
  end(): void {
    this.#ended = true;
    const readers = [...this.#readers];
    this.#readers.clear();
    for (const reader of readers) reader.wake?.();
  }

  async *#batches(reader: Reader<T>, leave: () => void): AsyncGenerator<readonly T[]> {
    try {
      while (this.#readers.has(reader)) {
        if (reader.batch.length === 0) {
          await new Promise<void>((resolve) => {
            reader.wake = resolve;
          });
          reader.wake = undefined;
          continue;
        }
        const { batch } = reader;
        reader.batch = [];
        yield batch;
      }
    } finally {
      leave();
    }
  }
}
