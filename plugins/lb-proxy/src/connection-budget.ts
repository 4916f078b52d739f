/** Counts clients' connections against their maximum over all frontends. */
export class ConnectionBudget {
  /** Maximum of one frontend. */
  readonly perFrontend: number;
  readonly #total: number;
  #open = 0;

  constructor(total: number, perFrontend: number) {
    this.#total = total;
    this.perFrontend = perFrontend;
  }

  /** Whether there is room for one more, which then has to {@link leave}. */
  enter(): boolean {
    if (this.#open >= this.#total) return false;
    this.#open++;
    return true;
  }

  leave(): void {
    this.#open--;
  }
}
