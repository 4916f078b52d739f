import { GantryError } from '@gantry/core';
import type { Change, Fence, Outcome } from '@gantry/core/contracts';

/** The value stored under a key: JSON text, and the revision of the write that put it. */
export interface Stored {
  readonly text: string;
  readonly revision: number;
}

/** The entries before a group of commits. */
export interface State {
  /** Whether there is an entry, of this revision if one is given. */
  has(key: string, revision?: number): boolean;
  read(key: string): Stored | undefined;
}

/** A change with its value as text, no longer shared with the caller. */
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
 * The combined writes of a group of commits, for one transaction: each commit sees the writes of the previous ones.
 * Revisions are assigned without gaps.
 */
export class Plan {
  readonly #state: State;
  readonly writes: Write[] = [];
  /** The last planned write of each key. */
  readonly last = new Map<string, Write>();
  /** Revision of the last write. */
  revision: number;

  constructor(state: State, revision: number) {
    this.#state = state;
    this.revision = revision;
  }

  /** Adds a request. @throws `FENCED`, after which nothing of the request is written. */
  add({ changes, fence }: Request): Outcome[] {
    if (fence !== undefined && !this.#has(fence.key, fence.revision)) {
      const message = `store-lmdb: "${fence.key}" is no longer at revision ${fence.revision}`;
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
