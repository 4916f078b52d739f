/** Items 0 … length - 1 with the one of the highest key on top; of equal keys the lowest item. Any item may change. */
export class IndexedHeap {
  readonly #keys: Float64Array;
  readonly #items: Int32Array;
  /** The place of each item, -1 for one that is not in the heap. */
  readonly #places: Int32Array;
  #size = 0;

  /** The caller owns the keys, and calls `set` for each that it changes. */
  constructor(keys: Float64Array) {
    this.#keys = keys;
    this.#items = new Int32Array(keys.length);
    this.#places = new Int32Array(keys.length).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  get top(): number {
    return this.#items[0] as number;
  }

  /** Adds an item, or moves it to the place of its current key. */
  set(item: number): void {
    let place = this.#places[item] as number;
    if (place < 0) {
      place = this.#size++;
      this.#put(item, place);
    }
    this.#sink(this.#rise(place));
  }

  /** Does nothing for an item that is not in the heap. */
  remove(item: number): void {
    const place = this.#places[item] as number;
    if (place < 0) return;
    this.#places[item] = -1;
    const last = this.#items[--this.#size] as number;
    if (last === item) return;
    this.#put(last, place);
    this.#sink(this.#rise(place));
  }

  /** The best items, best first: at most `count`. */
  best(count: number): readonly number[] {
    const found: number[] = [];
    const open = this.#size > 0 ? [0] : [];
    while (found.length < count && open.length > 0) {
      let next = 0;
      for (let at = 1; at < open.length; at++) {
        if (this.#isBefore(this.#at(open[at] as number), this.#at(open[next] as number))) next = at;
      }
      const [place = 0] = open.splice(next, 1);
      found.push(this.#at(place));
      for (const child of [2 * place + 1, 2 * place + 2]) if (child < this.#size) open.push(child);
    }
    return found;
  }

  #at(place: number): number {
    return this.#items[place] as number;
  }

  #put(item: number, place: number): void {
    this.#items[place] = item;
    this.#places[item] = place;
  }

  #isBefore(item: number, other: number): boolean {
    const key = this.#keys[item] as number;
    const otherKey = this.#keys[other] as number;
    return key > otherKey || (key === otherKey && item < other);
  }

  #rise(from: number): number {
    const item = this.#at(from);
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      const other = this.#at(parent);
      if (!this.#isBefore(item, other)) break;
      this.#put(other, place);
      place = parent;
    }
    this.#put(item, place);
    return place;
  }

  #sink(from: number): void {
    const item = this.#at(from);
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(this.#at(child + 1), this.#at(child))) child++;
      const other = this.#at(child);
      if (!this.#isBefore(other, item)) break;
      this.#put(other, place);
      place = child;
    }
    this.#put(item, place);
  }
}
