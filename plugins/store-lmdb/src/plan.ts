import { type Change, type Fence, GantryError, type Outcome } from '@gantry/core';

/** What is kept under a key: JSON text, and the revision of the write that put it there. */
export interface Stored {
  readonly text: string;
  readonly revision: number;
}

/** The entries as they are before a group of commits. */
export interface State {
  /** Whether there is an entry, of this revision if one is given. */
  has(key: string, revision?: number): boolean;
  read(key: string): Stored | undefined;
}

/** A change with its value as text, not to be shared with the caller any more. */
export interface Encoded {
  readonly key: string;
  readonly text: string | undefined;
  readonly expect: Change['expect'];
}

export interface Request {
  readonly changes: readonly Encoded[];
  readonly fence: Fence | undefined;
}

/** One write in the order of revisions; without text, a delete. */
export interface Write {
  readonly key: string;
  readonly text: string | undefined;
  readonly revision: number;
}

/**
 * What a group of commits comes to that is written in one transaction: each sees what those before it write. Revisions
 * are counted without gaps.
 */
export class Plan {
  readonly #state: State;
  readonly writes: Write[] = [];
  /** The last write of each key that is written. */
  readonly last = new Map<string, Write>();
  /** Of the last write. */
  revision: number;

  constructor(state: State, revision: number) {
    this.#state = state;
    this.revision = revision;
  }

  /** @throws `FENCED`, and then writes nothing of the request. */
  add({ changes, fence }: Request): Outcome[] {
    if (fence !== undefined && !this.#has(fence.key, fence.revision)) {
      const message = `store-lmdb: "${fence.key}" is not at revision ${fence.revision} any more`;
      throw new GantryError('FENCED', message, { details: { ...fence } });
    }
    return changes.map((change) => this.#write(change));
  }

  #write({ key, text, expect }: Encoded): Outcome {
    if (expect === 'absent' ? this.#has(key) : expect !== undefined && !this.#has(key, expect)) {
      const current = this.#read(key);
      return {
        ok: false,
        current: current && { key, value: JSON.parse(current.text), revision: current.revision },
      };
    }
    if (text === undefined && !this.#has(key)) return { ok: true, revision: this.revision };
    const write: Write = { key, text, revision: ++this.revision };
    this.writes.push(write);
    this.last.set(key, write);
    return { ok: true, revision: write.revision };
  }

  #has(key: string, revision?: number): boolean {
    const write = this.last.get(key);
    if (write === undefined) return this.#state.has(key, revision);
    return write.text !== undefined && (revision === undefined || write.revision === revision);
  }

  #read(key: string): Stored | undefined {
    const write = this.last.get(key);
    if (write === undefined) return this.#state.read(key);
    return write.text === undefined ? undefined : { text: write.text, revision: write.revision };
  }
}
