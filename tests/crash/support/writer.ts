import { setTimeout as pause } from 'node:timers/promises';
import { isGantryError, type Random, type Store } from '@gantry/core';
import type { Change, Fence } from '@gantry/core/contracts';
import { KeyHistory, type Op } from './key-history.ts';

const KEYS = 5;
const MOST_CHANGES = 3;
const MOST_TEXT = 400;
const REST_MS = 10;
const MORE_REST_MS = 30;
/** How long writes with an unknown outcome are read after the end, ms. */
const LAST_LOOK_MS = 20_000;

/** What all writers of a run count together. */
export interface Tally {
  acknowledged: number;
  refused: number;
  unknown: number;
  /** Writes that a read denied, and an expectation then found. */
  late: number;
  /** The highest revision returned to any writer. */
  highest: number;
  readonly wrong: string[];
}

interface Drawn {
  readonly history: KeyHistory;
  readonly op: Op;
  readonly change: Change;
  /** There is something to write, for all that is known. */
  readonly writes: boolean;
}

/**
 * Writes its own keys for as long as it may, through outages, and compares what it reads with the results of its
 * writes.
 */
export class Writer {
  readonly histories: readonly KeyHistory[];
  readonly #store: Store;
  readonly #random: Random;
  readonly #tally: Tally;
  /** The fence of every third commit; it holds. */
  readonly #fence: Fence | undefined;
  #number = 0;
  #suspicious = false;
  #stopped = false;
  #until = Number.POSITIVE_INFINITY;

  constructor(name: string, store: Store, random: Random, tally: Tally, fence: Fence | undefined) {
    this.#store = store;
    this.#random = random;
    this.#tally = tally;
    this.#fence = fence;
    this.histories = Array.from({ length: KEYS }, (_, index) => new KeyHistory(`crash/${name}-${index}`));
  }

  stop(): void {
    this.#stopped = true;
    this.#until = performance.now() + LAST_LOOK_MS;
  }

  /** Until it is stopped; what is unknown then has been read. */
  async run(): Promise<void> {
    while (!this.#stopped || this.#suspicious) {
      const unsure = this.histories.some((history) => history.unsure);
      const looks = unsure || this.#stopped || (this.#suspicious && this.#random.next() < 0.3);
      const goes = looks ? await this.#look() : await this.#write();
      if (goes) continue;
      if (performance.now() > this.#until)
        return this.#blame('the keys of a writer could not be read at the end');
      await pause(REST_MS + this.#random.next() * MORE_REST_MS);
    }
  }

  /** Reads every key of its own. */
  async #look(): Promise<boolean> {
    for (const history of this.histories) {
      try {
        this.#blame(history.read(await this.#store.get(history.key)));
      } catch (error) {
        return this.#outage(error);
      }
    }
    this.#suspicious = false;
    return true;
  }

  async #write(): Promise<boolean> {
    const drawn = this.#draw();
    const floor = this.#tally.highest;
    const fence = this.#random.next() < 1 / 3 ? this.#fence : undefined;
    try {
      const changes = drawn.map(({ change }) => change);
      const outcomes = await this.#store.commit(changes, { fence });
      drawn.forEach((each, index) => {
        const outcome = outcomes[index];
        if (outcome?.ok === true) this.#acknowledge(each, outcome.revision, floor);
        else this.#conflict(each, outcome?.current);
      });
      return true;
    } catch (error) {
      // After UNAVAILABLE nothing was written; after anything else the outcome is unknown.
      const refused = isGantryError(error, 'UNAVAILABLE');
      for (const { op } of drawn) op.fate = refused ? 'refused' : 'unknown';
      this.#tally[refused ? 'refused' : 'unknown'] += drawn.length;
      return this.#outage(error);
    }
  }

  #acknowledge({ history, op, change, writes }: Drawn, revision: number, floor: number): void {
    history.acknowledge(op, writes ? revision : undefined);
    this.#tally.acknowledged++;
    if (!writes) return;
    if (revision <= floor)
      this.#blame(`${change.key}: written at ${revision}, after another writer was given ${floor}`);
    this.#tally.highest = Math.max(this.#tally.highest, revision);
  }

  /** Only an unknown write that came after it was read for can be in the way of an own key. */
  #conflict({ history, op }: Drawn, current: Parameters<KeyHistory['read']>[0]): void {
    op.fate = 'refused';
    const before = history.expected;
    this.#blame(history.read(current));
    if (history.expected === before) this.#blame(`${history.key}: refused at ${before}, where it was`);
    else this.#tally.late++;
  }

  #draw(): readonly Drawn[] {
    const count = 1 + Math.floor(this.#random.next() * MOST_CHANGES);
    const first = Math.floor(this.#random.next() * KEYS);
    return Array.from({ length: count }, (_, index) => {
      const history = this.histories[(first + index) % KEYS] as KeyHistory;
      const { key, expected } = history;
      const deletes = this.#random.next() < 0.2;
      const number = ++this.#number;
      const text = 'x'.repeat(Math.floor(this.#random.next() * MOST_TEXT));
      const expects = this.#random.next() < 0.5;
      const change = {
        key,
        value: deletes ? undefined : { number, text },
        ...(expects && { expect: expected }),
      };
      return { history, op: history.add(number, deletes), change, writes: !deletes || expected !== 'absent' };
    });
  }

  #outage(error: unknown): false {
    this.#suspicious = true;
    if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT')) {
      this.#blame(`an outage was reported as ${String(error)}`);
      this.#stopped = true;
      this.#until = 0;
    }
    return false;
  }

  #blame(wrong: string | undefined): void {
    if (wrong !== undefined) this.#tally.wrong.push(wrong);
  }
}
