import type { Database } from 'lmdb';
import type { Write } from './plan.ts';

const GONE = '!';
const BETWEEN = '\n';
/** Maximum number of writes that share a record. */
const PER_RECORD = 1000;

/** A remembered write: its key, and whether it deleted it. The value is that of the entry, if it still exists. */
export interface Remembered {
  readonly key: string;
  readonly gone: boolean;
  readonly revision: number;
}

/**
 * Past writes in a database: the keys of up to a thousand consecutive writes, under the revision of the last of them.
 * It has no gaps, since every revision is that of one write.
 */
export class History {
  readonly #records: Database<string, number>;

  constructor(records: Database<string, number>) {
    this.#records = records;
  }

  /** Revision of the last write. */
  get revision(): number {
    for (const revision of this.#records.getKeys({ reverse: true, limit: 1 })) return revision;
    return 0;
  }

  /** Revision after which all writes are remembered. */
  get oldest(): number {
    for (const { key, value } of this.#records.getRange({ limit: 1 }))
      return key - value.split(BETWEEN).length;
    return 0;
  }

  /** The remembered writes above `since`, up to `until`. */
  read(since: number, until: number): Remembered[] {
    const found: Remembered[] = [];
    for (const { key: last, value } of this.#records.getRange({ start: since + 1 })) {
      const names = value.split(BETWEEN);
      const before = last - names.length;
      if (before >= until) break;
      for (let at = Math.max(1, since + 1 - before); at <= Math.min(names.length, until - before); at++) {
        const name = names[at - 1] as string;
        const gone = name.startsWith(GONE);
        found.push({ key: gone ? name.slice(GONE.length) : name, gone, revision: before + at });
      }
    }
    return found;
  }

  /** Up to `limit` records that contain nothing above this revision. */
  upTo(revision: number, limit: number): number[] {
    return revision < 1 ? [] : [...this.#records.getKeys({ end: revision + 1, limit })];
  }

  /** For use in a transaction: adds writes, and removes records. */
  change(writes: readonly Write[], forget: readonly number[]): void {
    for (let start = 0; start < writes.length; start += PER_RECORD) {
      const some = writes.slice(start, start + PER_RECORD);
      const names = some.map(({ key, text }) => (text === undefined ? GONE + key : key));
      this.#records.put((some.at(-1) as Write).revision, names.join(BETWEEN));
    }
    for (const record of forget) this.#records.remove(record);
  }
}
