/** Shares a call between concurrent callers: all that arrive while one is in flight share the next one. */
export class SharedCall<T> {
  readonly #make: () => Promise<T>;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** Result of a call that begins after this one. */
  call(): Promise<T> {
    this.#next ??= this.#begin();
    return this.#next;
  }

  async #begin(): Promise<T> {
    await this.#current;
    const call = this.#make();
    this.#next = undefined;
    this.#current = call.catch(() => undefined);
    return await call;
  }
}
