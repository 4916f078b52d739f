import { type Clock, GantryError } from '@gantry/core';
import type { Caller } from '@gantry/core/api';
import type { TokenBook } from '../auth/token-book.ts';
import type { Limits } from '../options.ts';

/** Why the server ends a stream; `undefined` when the server shuts down. */
export type Ending = GantryError | undefined;

export type StreamType = 'watch' | 'logs' | 'exec' | 'dial';

/** Platform timers cannot run much longer, and the wall clock may be set in the meantime. */
const MAX_WAIT_MS = 3_600_000;

interface Open {
  readonly type: StreamType;
  readonly who: Caller;
  readonly end: (why: Ending) => void;
}

/** All streaming responses: counts them, and ends those whose token has expired or was deleted. */
export class Streams {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #open = new Set<Open>();
  readonly #perToken = new Map<string, number>();
  #closed = false;
  #onRejected: (type: StreamType) => void = () => {};

  constructor(clock: Clock, tokens: TokenBook, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
    tokens.onGone((id) => {
      for (const { who, end } of [...this.#open]) {
        if (who.id === id) end(new GantryError('UNAUTHENTICATED', 'the bearer token was deleted'));
      }
    });
  }

  /** Sets the listener that is called for each stream beyond the limits. */
  onRejected(listener: (type: StreamType) => void): void {
    this.#onRejected = listener;
  }

  count(type: StreamType): number {
    let count = 0;
    for (const each of this.#open) if (each.type === type) count++;
    return count;
  }

  /**
   * Counts a stream until the returned function is called.
   * @throws `EXHAUSTED` beyond the limits.
   */
  add(type: StreamType, who: Caller, end: (why: Ending) => void): () => void {
    if (this.#closed) throw new GantryError('UNAVAILABLE', 'the server shuts down');
    const own = this.#perToken.get(who.id) ?? 0;
    if (own >= this.#limits.streamsPerToken) {
      this.#onRejected(type);
      throw new GantryError('EXHAUSTED', `this token has ${own} streams open, which is its limit`);
    }
    if (this.#open.size >= this.#limits.streams) {
      this.#onRejected(type);
      throw new GantryError(
        'EXHAUSTED',
        `the server has ${this.#open.size} streams open, which is its limit`,
      );
    }
    const open: Open = { type, who, end };
    this.#open.add(open);
    this.#perToken.set(who.id, own + 1);
    const cancel = this.#atExpiry(who, () =>
      end(new GantryError('UNAUTHENTICATED', 'the bearer token has expired')),
    );
    return () => {
      if (!this.#open.delete(open)) return;
      cancel();
      const left = (this.#perToken.get(who.id) ?? 1) - 1;
      if (left > 0) this.#perToken.set(who.id, left);
      else this.#perToken.delete(who.id);
    };
  }

  close(): void {
    this.#closed = true;
    for (const { end } of [...this.#open]) end(undefined);
  }

  #atExpiry({ expiresAt }: Caller, act: () => void): () => void {
    if (expiresAt === undefined) return () => {};
    let cancel = (): void => {};
    const look = (): void => {
      const left = expiresAt - this.#clock.now();
      if (left <= 0) act();
      else cancel = this.#clock.after(Math.min(left, MAX_WAIT_MS), look);
    };
    look();
    return () => cancel();
  }
}
