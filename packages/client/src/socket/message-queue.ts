/** Received messages that were not read yet, with an end. */
export class MessageQueue {
  readonly #messages: (Uint8Array | string)[] = [];
  readonly #onSize: (bytes: number) => void;
  #bytes = 0;
  #end: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  /** `onSize` is called with the number of waiting bytes whenever it has changed. */
  constructor(onSize: (bytes: number) => void) {
    this.#onSize = onSize;
  }

  push(message: Uint8Array | string): void {
    if (this.#end !== undefined) return;
    this.#messages.push(message);
    this.#bytes += message.length;
    this.#onSize(this.#bytes);
    this.#wake();
  }

  /** Ends the queue; without an error, the end is a normal one. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *read(): AsyncIterable<Uint8Array | string> {
    for (;;) {
      for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift()) {
        this.#bytes -= next.length;
        this.#onSize(this.#bytes);
        yield next;
      }
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
