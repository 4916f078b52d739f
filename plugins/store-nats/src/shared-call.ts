/** A call that many make at once: all who come while one is on its way share the next. */
export class SharedCall<T> {
  readonly #make: () => Promise<T>;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** What a call comes to that begins after this one. */
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
