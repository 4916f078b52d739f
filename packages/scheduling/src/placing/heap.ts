/** Positions with the one of the highest key on top; of equal keys the lowest position. */
export class Heap {
  readonly #keys: Float64Array;
  readonly #items: Int32Array;
  #size: number;

  /** Takes ownership of the list. Keys belong to the caller, which must notify the heap after changing one. */
  constructor(keys: Float64Array, items: Int32Array) {
    this.#keys = keys;
    this.#items = items;
    this.#size = items.length;
    for (let at = (this.#size >>> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  get empty(): boolean {
    return this.#size === 0;
  }

  get top(): number {
    return this.#items[0] as number;
  }

  /** Restores the order after the key of the top has changed. */
  changedTop(): void {
    this.#sink(0);
  }

  removeTop(): void {
    this.#size--;
    this.#items[0] = this.#items[this.#size] as number;
    this.#sink(0);
  }

  #sink(from: number): void {
    const items = this.#items;
    const keys = this.#keys;
    const size = this.#size;
    const item = items[from] as number;
    const key = keys[item] as number;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      let other = items[child] as number;
      let otherKey = keys[other] as number;
      if (child + 1 < size) {
        const right = items[child + 1] as number;
        const rightKey = keys[right] as number;
        if (rightKey > otherKey || (rightKey === otherKey && right < other)) {
          child++;
          other = right;
          otherKey = rightKey;
        }
      }
      if (key > otherKey || (key === otherKey && item < other)) break;
      items[at] = other;
      at = child;
    }
    items[at] = item;
  }
}
