/** Ranks positions by their keys; owns the arrays it needs, so that successive turns can reuse them. */
export class Ranker {
  readonly #ascending: Float64Array;
  readonly #taken: Int32Array;
  readonly #order: Int32Array;

  constructor(length: number) {
    this.#ascending = new Float64Array(length);
    this.#taken = new Int32Array(length);
    this.#order = new Int32Array(length);
  }

  /** The positions 0 … size - 1, highest key first; of equal keys the first position first. Valid until the next call. */
  rank(keys: Float64Array, size: number): Int32Array {
    // The engine sorts plain numbers far faster than it calls a comparison: so only the keys are sorted, then the place
    // of each position is looked up.
    const ascending = this.#ascending.subarray(0, size);
    ascending.set(keys.subarray(0, size));
    ascending.sort();
    const taken = this.#taken.fill(0, 0, size);
    const order = this.#order;
    for (let position = 0; position < size; position++) {
      const first = size - countUpTo(ascending, size, keys[position] as number);
      const before = taken[first] as number;
      taken[first] = before + 1;
      order[first + before] = position;
    }
    return order.subarray(0, size);
  }
}

/** Returns how many of the ascending numbers are at most `limit`. */
function countUpTo(ascending: Float64Array, size: number, limit: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The positions of the highest keys, highest first: at most `count`. */
export function highest(keys: Float64Array, size: number, count: number): readonly number[] {
  const best: number[] = [];
  for (let position = 0; position < size; position++) {
    const key = keys[position] as number;
    if (best.length === count && key <= (keys[best[count - 1] as number] as number)) continue;
    let at = best.length;
    while (at > 0 && key > (keys[best[at - 1] as number] as number)) at--;
    best.splice(at, 0, position);
    if (best.length > count) best.pop();
  }
  return best;
}
