/**
 * Input of a task that is fed from outside: at most a window of bytes waits for its reader. What comes after the reader
 * has left is discarded.
 */
export class InputWindow implements AsyncIterable<Uint8Array> {
  readonly #queue: Uint8Array[] = [];
  readonly #windowBytes: number;
  #bytes = 0;
  #ended = false;
  #left = false;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  /** Bytes that wait for the reader. */
  get bytes(): number {
    return this.#bytes;
  }

  /** No more input comes. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes input if there is room for it; input larger than the window has room while nothing else waits. */
  push(data: Uint8Array): boolean {
    if (this.#left || this.#ended) return true;
    if (this.#bytes > 0 && this.#bytes + data.length > this.#windowBytes) return false;
    this.#queue.push(data);
    this.#bytes += data.length;
    this.#wakeReader();
    return true;
  }

  /** Resolves once some of what waits was read, or will never be. */
  async changed(): Promise<void> {
    if (this.#left || this.#ended || this.#bytes === 0) return;
    await new Promise<void>((resolve) => {
      const before = this.#wakeWriter;
      this.#wakeWriter = () => {
        before();
        resolve();
      };
    });
  }

  end(): void {
    this.#ended = true;
    this.#wakeReader();
    this.#releaseWriter();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for (;;) {
        for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
          yield data;
          // Counted until the reader comes back: only then it has passed it on.
          this.#bytes -= data.length;
          this.#releaseWriter();
        }
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    } finally {
      this.#left = true;
      this.#queue.length = 0;
      this.#bytes = 0;
      this.#releaseWriter();
    }
  }

  #releaseWriter(): void {
    const wake = this.#wakeWriter;
    this.#wakeWriter = () => {};
    wake();
  }
}
