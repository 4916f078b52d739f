import { AssertionError } from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { GantryError, type Lifecycle, type Store } from '@gantry/core';
import type { Change, Json, Outcome, StoreEvent } from '@gantry/core/contracts';
import type { Case, CaseContext } from '../kit.ts';

/** An empty, started store, and the means of the test to affect its engine. */
export interface StoreSubject {
  readonly store: Store & Lifecycle;
  /** Makes the store forget all events up to now; absent if that cannot be done from outside. */
  readonly forget?: () => Promise<void>;
  /** Another store over the same data, as another process would have it; absent if only one may use the data. */
  readonly second?: () => Promise<Store & Lifecycle>;
  /**
   * Crashes the engine that keeps the data and restarts it. Returns the store to continue with: the same one if it
   * reconnects to its engine automatically. For durable stores.
   */
  readonly restart?: () => Promise<Store & Lifecycle>;
  /** The connection between store and engine; absent if there is none. */
  readonly link?: StoreLink;
  /** Moves the wall clock that the store is given, by ms. */
  readonly jump?: (ms: number) => void;
}

export interface StoreLink {
  /** Blocks all traffic. */
  cut(): void;
  /** Lets requests through and drops replies. */
  loseAnswers(): void;
  /** Restores the connection. */
  heal(): void;
}

export type StoreCase = Case<StoreSubject>;

/** Commits within the kit's timeout. */
export async function commit(
  store: Store,
  context: CaseContext,
  ...changes: readonly Change[]
): Promise<readonly Outcome[]> {
  return await context.within(store.commit(changes), `the commit of ${changes.length} changes`);
}

/** Puts one value and returns the revision. */
export async function put(store: Store, context: CaseContext, key: string, value: Json): Promise<number> {
  const [outcome] = await commit(store, context, { key, value });
  if (outcome?.ok !== true) throw new Error(`the put of "${key}" was refused though it expects nothing`);
  return outcome.revision;
}

/** The value after a round trip through JSON: the only change that a store may make to it. */
export function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** A watch that is read continuously: the received events, and how it ended. */
export interface Followed {
  readonly events: StoreEvent[];
  /** Set once the iteration ended; `error` if it threw. */
  ended: boolean;
  error: unknown;
  emptyBatches: number;
}

export function follow(store: Store, prefix: string, since: number, signal: AbortSignal): Followed {
  const followed: Followed = { events: [], ended: false, error: undefined, emptyBatches: 0 };
  const read = async (): Promise<void> => {
    try {
      for await (const batch of store.watch(prefix, { since, signal })) {
        if (batch.length === 0) followed.emptyBatches++;
        followed.events.push(...batch);
      }
    } catch (error) {
      followed.error = error;
    }
    followed.ended = true;
  };
  void read();
  return followed;
}

/** Waits until a watch has seen that many events; fails as soon as it ends before. */
export async function seen(followed: Followed, count: number, context: CaseContext): Promise<void> {
  await context.until(() => {
    if (followed.events.length >= count) return true;
    if (!followed.ended) return false;
    throw followed.error ?? new GantryError('INTERNAL', 'the watch ended unexpectedly');
  }, `${count} events`);
}

/** An event in a form that can be compared. */
export function shown({ key, value, revision }: StoreEvent): readonly unknown[] {
  return [key, plain(value), revision];
}

/** Waits until a watch has seen the write with this revision; fails as soon as it ends before. */
export async function reached(followed: Followed, revision: number, context: CaseContext): Promise<void> {
  await context.until(() => {
    if ((followed.events.at(-1)?.revision ?? 0) >= revision) return true;
    if (!followed.ended) return false;
    throw followed.error ?? new GantryError('INTERNAL', 'the watch ended unexpectedly');
  }, `the event of revision ${revision}`);
}

/**
 * Compares the events that a watch has delivered with the writes, both as {@link shown}: everything, in order and once,
 * except that it may have skipped a write that a later one to the same key has superseded.
 */
export function assertTold(told: readonly unknown[], written: readonly unknown[], message = ''): void {
  const last = new Map(written.map((event) => [(event as [string])[0], event]));
  let at = 0;
  for (const event of written) {
    if (at < told.length && isDeepStrictEqual(told[at], event)) at++;
    else if (last.get((event as [string])[0]) === event) {
      throw new AssertionError({
        message: `${message} the watch left out ${JSON.stringify(event)}, the last write of its key; at its place came ${JSON.stringify(told[at])}`,
      });
    }
  }
  if (at === told.length) return;
  throw new AssertionError({
    message: `${message} the watch told ${JSON.stringify(told[at])}, which is out of order`,
  });
}

/** Writes below `prefix` to flush a watch: once this write has arrived, all earlier ones have. */
export async function mark(store: Store, context: CaseContext, key: string): Promise<number> {
  return await put(store, context, key, 'the end');
}
