import { GantryError } from '@gantry/core';
import type { Entry, StoreEvent } from '@gantry/core/contracts';
import { DELETE, type KeyValue, type WatchEvent } from './etcd-api.ts';

/** Converts keys and values between the store and etcd: keys below a prefix, values as JSON text in UTF-8. */
export class Codec {
  readonly #prefix: string;
  readonly #length: number;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.#length = Buffer.byteLength(prefix);
  }

  key(key: string): Buffer {
    return Buffer.from(this.#prefix + key);
  }

  /** Range of the keys that start with this prefix: its first key, and the end, which is exclusive. */
  range(prefix: string): { readonly key: Buffer; readonly rangeEnd: Buffer } {
    const key = this.key(prefix);
    const rangeEnd = Buffer.from(key);
    const last = rangeEnd.length - 1;
    rangeEnd[last] = (rangeEnd[last] as number) + 1; // no byte of UTF-8 is 255
    return { key, rangeEnd };
  }

  /** @throws `INVALID_OBJECT` if the value is not valid JSON. */
  entry({ key, value, modRevision: revision }: KeyValue): Entry {
    const name = key.toString('utf8', this.#length);
    return { key: name, value: parse(name, value), revision };
  }

  /** @throws as {@link entry} does. */
  event({ type, kv }: WatchEvent): StoreEvent {
    if (type !== DELETE) return this.entry(kv);
    return { key: kv.key.toString('utf8', this.#length), value: undefined, revision: kv.modRevision };
  }
}

function parse(key: string, value: Buffer | undefined): unknown {
  try {
    return JSON.parse(value?.toString('utf8') ?? '') as unknown;
  } catch (error) {
    const message = `store-etcd: the value of "${key}" is not JSON: another program has written it`;
    throw new GantryError('INVALID_OBJECT', message, { details: { key }, cause: error });
  }
}
