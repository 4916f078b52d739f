/** The URLs of one cluster's servers: one of them is used until it cannot be reached, then the next. */
export class Endpoints {
  readonly #urls: readonly string[];
  #at = 0;

  /** `urls`: at least one. */
  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  get count(): number {
    return this.#urls.length;
  }

  get current(): string {
    return this.#urls[this.#at] as string;
  }

  /** Moves on from a failed server, unless another call has already done so. */
  leave(failed: string): void {
    if (failed === this.current) this.#at = (this.#at + 1) % this.#urls.length;
  }
}
