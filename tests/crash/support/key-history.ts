import type { Entry, StoreEvent } from '@gantry/core/contracts';

/** `unknown` until it was answered; `refused`: nothing was written. */
export type Fate = 'unknown' | 'acknowledged' | 'refused';

/** One write of a key by its only writer. */
export interface Op {
  /** Grows with every write of the writer. */
  readonly number: number;
  readonly deletes: boolean;
  fate: Fate;
  /** Revision of the write, if it was returned or seen. */
  revision?: number | undefined;
  /** A read came out as if it had not happened. */
  denied?: boolean;
}

/** What a value of the tests is. */
export interface Value {
  readonly number: number;
  readonly text: string;
}

/**
 * Everything that one writer did to one of its keys, in order, compared with what a store shows of it. Since no other
 * writer uses the key, each observation is right or wrong, with nothing in between.
 */
export class KeyHistory {
  readonly key: string;
  readonly ops: Op[] = [];
  readonly #byNumber = new Map<number, number>();
  /** The last write that is known to have happened. */
  #base = -1;

  constructor(key: string) {
    this.key = key;
  }

  add(number: number, deletes: boolean): Op {
    const op: Op = { number, deletes, fate: 'unknown' };
    this.#byNumber.set(number, this.ops.push(op) - 1);
    return op;
  }

  /** A delete of a key that was absent has no revision of its own. */
  acknowledge(op: Op, revision: number | undefined): void {
    op.fate = 'acknowledged';
    op.revision = revision;
    this.#base = Math.max(this.#base, this.#indexOf(op));
  }

  /** The revision that the key has now, as far as is known. */
  get expected(): number | 'absent' {
    const op = this.ops[this.#base];
    return op === undefined || op.deletes ? 'absent' : (op.revision ?? 'absent');
  }

  /** Whether a read has to tell how it stands. */
  get unsure(): boolean {
    return this.#open().some(({ denied }) => !denied);
  }

  /** Takes in the result of a read; returns a description of what is wrong with it. */
  read(entry: Entry | undefined): string | undefined {
    const open = this.#open();
    const base = this.ops[this.#base];
    if (entry === undefined) {
      if (base === undefined || base.deletes) return this.#deny(open);
      const op = open.find(({ deletes }) => deletes);
      if (op === undefined) return `${this.key}: lost: write ${base.number} at ${base.revision} is gone`;
      this.#base = this.#indexOf(op);
      return this.#deny(open.filter(({ number }) => number > op.number));
    }
    const { number } = entry.value as Value;
    const index = this.#byNumber.get(number) ?? -1;
    const op = this.ops[index];
    if (op === undefined || op.deletes) return `${this.key}: ${number}, which is there, was never put`;
    if (op.fate === 'refused') return `${this.key}: ${number}, which is there, was said not to be written`;
    if (index < this.#base)
      return `${this.key}: lost: ${number} is there, which write ${base?.number} at ${base?.revision} replaced`;
    if (op.revision !== undefined && op.revision !== entry.revision)
      return `${this.key}: ${number} is at ${entry.revision}, and was written at ${op.revision}`;
    op.revision = entry.revision;
    this.#base = index;
    return this.#deny(open.filter((each) => each.number > number));
  }

  /** Finds the write of each event: all in the order of the writes, none of them twice. */
  follow(events: readonly StoreEvent[]): readonly string[] {
    const wrong: string[] = [];
    const deletes = new Map(
      this.ops.flatMap((op, index) =>
        op.deletes && op.revision !== undefined ? [[op.revision, index] as const] : [],
      ),
    );
    let at = -1;
    let before = 0;
    for (const event of events) {
      const { revision } = event;
      if (revision <= before) wrong.push(`${this.key}: an event of ${revision} came after one of ${before}`);
      before = revision;
      const found = event.value === undefined ? this.#deleteAt(revision, at, deletes) : this.#putOf(event);
      const op = this.ops[found];
      const what = event.value === undefined ? 'a delete' : `write ${(event.value as Value).number}`;
      if (op === undefined) wrong.push(`${this.key}: ${what} at ${revision} was never asked for`);
      else if (op.fate === 'refused')
        wrong.push(`${this.key}: ${what} at ${revision} was said not to be written`);
      else if (op.revision !== undefined && op.revision !== revision)
        wrong.push(`${this.key}: ${what} came at ${revision}, and was written at ${op.revision}`);
      else if (found <= at) wrong.push(`${this.key}: ${what} at ${revision} came twice or out of its place`);
      else {
        op.revision = revision;
        at = found;
      }
    }
    return wrong;
  }

  /** Behind the last write that is known to have happened; there are few. */
  #open(): readonly Op[] {
    return this.ops.slice(this.#base + 1).filter(({ fate }) => fate === 'unknown');
  }

  #deny(open: readonly Op[]): undefined {
    for (const op of open) op.denied = true;
  }

  #indexOf(op: Op): number {
    return this.#byNumber.get(op.number) ?? -1;
  }

  #putOf({ value }: StoreEvent): number {
    const index = this.#byNumber.get((value as Value).number) ?? -1;
    return this.ops[index]?.deletes === true ? -1 : index;
  }

  /** Events name no delete: it is the one of that revision, or the first of none that lies in between. */
  #deleteAt(revision: number, at: number, known: ReadonlyMap<number, number>): number {
    const exact = known.get(revision);
    if (exact !== undefined) return exact;
    for (let index = at + 1; index < this.ops.length; index++) {
      const op = this.ops[index] as Op;
      if (op.revision !== undefined && op.revision > revision) return -1;
      if (op.deletes && op.fate !== 'refused' && op.revision === undefined) return index;
    }
    return -1;
  }
}
