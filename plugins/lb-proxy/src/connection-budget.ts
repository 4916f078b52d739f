/** Counts clients' connections against their maximum over all frontends. */
export class ConnectionBudget {
  /** Maximum for one frontend. */
  readonly perFrontend: number;
  readonly #total: number;
  #open = 0;

  constructor(total: number, perFrontend: number) {
    this.#total = total;
    this.perFrontend = perFrontend;
  }

  /** Takes a place if one is free, and returns whether it did; the caller must then {@link leave}. */
  enter(): boolean {
    if (this.#open >= this.#total) return false;
    this.#open++;
    return true;
  }

  leave(): void {
    this.#open--;
  }
}
