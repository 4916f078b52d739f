/** One side of the comparison: a store, or its engine through a plain client. */
export interface Side extends AsyncDisposable {
  /** Writes a value of {@link VALUE_BYTES} and resolves once that is acknowledged. Writes of one key never overlap. */
  put(key: string): Promise<void>;
  /** The same with a fence, as for every write of a leader; for stores that support fences. */
  putFenced?(key: string): Promise<void>;
  /** Writes several values in the way that is fastest for the engine. */
  batch(keys: readonly string[]): Promise<void>;
  /** Reads all keys below a prefix, with their values, and returns their number. */
  list(prefix: string): Promise<number>;
  /** Calls `hear` with the number of events whenever some arrive; resolves once no further event can be missed. */
  watch?(prefix: string, hear: (count: number) => void): Promise<() => void>;
}

/** The store and its engine, if it has one; both on one server. */
export interface Pair extends AsyncDisposable {
  readonly store: Side;
  readonly raw: Side | undefined;
}

export const VALUE_BYTES = 256;

const TEXT = JSON.stringify({ text: 'x'.repeat(VALUE_BYTES - '{"text":""}'.length) });

/** The value for a store; its JSON has {@link VALUE_BYTES}. */
export const VALUE: unknown = Object.freeze(JSON.parse(TEXT));
/** The same value for an engine. */
export const VALUE_TEXT: string = TEXT;
