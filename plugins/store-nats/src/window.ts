/** Limits the number of messages, and of bytes, in flight; the others wait in order. */
export class Window {
  readonly #messages: number;
  readonly #bytes: number;
  #messagesOut = 0;
  #bytesOut = 0;
  readonly #queue: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(messages: number, bytes: number) {
    this.#messages = messages;
    this.#bytes = bytes;
  }

  /** Undefined if there is room immediately. A message that has entered must {@link leave}. */
  enter(bytes: number): Promise<void> | undefined {
    if (this.#queue.length === 0 && this.#fits(bytes)) {
      this.#add(bytes);
      return undefined;
    }
    return new Promise((resolve) => void this.#queue.push({ bytes, enter: resolve }));
  }

  leave(bytes: number): void {
    this.#messagesOut--;
    this.#bytesOut -= bytes;
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.bytes); next = this.#queue[0]) {
      this.#queue.shift();
      this.#add(next.bytes);
      next.enter();
    }
  }

  /** A message alone always fits. */
  #fits(bytes: number): boolean {
    if (this.#messagesOut === 0) return true;
    return this.#messagesOut < this.#messages && this.#bytesOut + bytes <= this.#bytes;
  }

  #add(bytes: number): void {
    this.#messagesOut++;
    this.#bytesOut += bytes;
  }
}
