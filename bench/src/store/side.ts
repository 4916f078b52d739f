/** What is compared: a store, or the engine below it through its plain client. */
export interface Side extends AsyncDisposable {
  /** Writes a value of {@link VALUE_BYTES} and resolves once that is acknowledged. No key is written twice at a time. */
  put(key: string): Promise<void>;
  /** The same with a fence, as all that a leader writes has one; for stores that have fences. */
  putFenced?(key: string): Promise<void>;
  /** Writes as many, as the engine best does it. */
  batch(keys: readonly string[]): Promise<void>;
  /** Reads all keys below a prefix, with their values, and says how many there are. */
  list(prefix: string): Promise<number>;
  /** Tells how many events came, whenever some do; resolves once nothing that comes is missed. */
  watch?(prefix: string, hear: (count: number) => void): Promise<() => void>;
}

/** The store and, where there is one, the engine below it; both on one server. */
export interface Pair extends AsyncDisposable {
  readonly store: Side;
  readonly raw: Side | undefined;
}

export const VALUE_BYTES = 256;

const TEXT = JSON.stringify({ text: 'x'.repeat(VALUE_BYTES - '{"text":""}'.length) });

/** As a store takes it; its JSON has {@link VALUE_BYTES}. */
export const VALUE: unknown = Object.freeze(JSON.parse(TEXT));
/** The same as an engine takes it. */
export const VALUE_TEXT: string = TEXT;
