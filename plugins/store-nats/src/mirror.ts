import {
  aborted,
  type Clock,
  GantryError,
  isGantryError,
  type Logger,
  type Random,
  toGantryError,
} from '@gantry/core';
import { Backoff } from '@gantry/core/primitives';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Bucket, StreamInfo } from './bucket.ts';
import type { Known } from './decide.ts';
import type { Delivery } from './delivery.ts';
import { Feed } from './feed.ts';
import type { Replica } from './replica.ts';
import { SharedCall } from './shared-call.ts';

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 10_000;
/** A consumer that lasted at least this long, in ms, counts as healthy. */
const GOOD_MS = 5000;
/** Grace for a new leader to catch up, in ms; messages that it still lacks after that are lost. */
const BEHIND_MS = 2000;
const BEHIND_WAIT_MS = 50;
/** If a reader waits and no message arrives for this long, in ms, the leader is asked whether there are more. */
const STALL_MS = 1000;
/** Number of remembered own writes at which those that have come back are removed. */
const MANY_WRITES = 1000;

/** The leader's answer, and the revision that it must have reached: the highest one known before it was asked. */
interface Told {
  readonly info: StreamInfo;
  readonly created: string | undefined;
  readonly known: number;
}

interface Waiter {
  readonly revision: number;
  /** Tries to answer; returns whether it did. */
  readonly settle: () => boolean;
  readonly reject: (error: GantryError) => void;
}

export interface MirrorParts {
  readonly bucket: Bucket;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timeoutMs: number;
}

/** Keeps the replica up to date across losses of all kinds, and knows how up to date it is. */
export class Mirror {
  readonly #parts: MirrorParts;
  readonly #info: SharedCall<Told>;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  readonly #waiters = new Set<Waiter>();
  readonly #written = new Map<string, { readonly present: boolean; readonly revision: number }>();
  #highest = 0;
  /** Revision up to which only own writes follow what the replica has. */
  #ownTo = 0;
  #isReplicated = false;
  #connection: NatsConnection | undefined;
  #feed: Feed | undefined;
  #lastConsumer: string | undefined;
  #distrusted = false;
  #behindSince: number | undefined;
  #wake = new AbortController();
  #scheduled = false;
  #cancelStall: (() => void) | undefined;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
    this.#info = new SharedCall(() => this.#ask());
    this.#backoff = new Backoff(parts.random, FIRST_WAIT_MS, LONGEST_WAIT_MS);
  }

  connected(connection: NatsConnection): void {
    this.#connection = connection;
    this.#backoff.reset();
    this.#wakeUp();
  }

  lost(): void {
    this.#connection = undefined;
    this.#behindSince = undefined;
    this.#feed?.end('the connection was lost');
    this.#rejectAll(new GantryError('UNAVAILABLE', 'store-nats: the connection was lost'));
  }

  close(): void {
    this.#closing.abort(closed());
    this.#feed?.end('the store is closed');
    this.#rejectAll(closed());
    this.#wakeUp();
    this.#parts.replica.close();
  }

  /** Revision up to which all writes, of any process, are known; {@link latest} returns them. */
  get knownTo(): number {
    return Math.max(this.#ownTo, this.#parts.replica.revision);
  }

  /** Whether the bucket is replicated to several servers. */
  get isReplicated(): boolean {
    return this.#isReplicated;
  }

  /** Runs until it is closed. */
  async run(): Promise<void> {
    const { clock, logger, bucket } = this.#parts;
    while (!this.#closing.signal.aborted) {
      const connection = this.#connection;
      if (connection !== undefined) {
        const began = clock.elapsed();
        const why = await this.#follow(connection).catch((error: unknown) => toGantryError(error).message);
        if (clock.elapsed() - began > GOOD_MS) this.#backoff.reset();
        if (this.#closing.signal.aborted) return;
        logger.debug('rereading the bucket', { bucket: bucket.name, why });
      }
      const waitMs = this.#connection === undefined ? GOOD_MS : this.#backoff.next();
      await clock.sleep(waitMs, this.#wake.signal).catch(() => undefined);
    }
  }

  /**
   * Reads a state that was current at some moment after this call began, so it includes every write confirmed to any
   * client before. `read` is called synchronously when the replica has reached that state.
   */
  async upToDate<T>(read: () => T): Promise<T> {
    const { clock, replica, timeoutMs } = this.#parts;
    const deadline = clock.elapsed() + timeoutMs;
    for (;;) {
      const { gaps } = replica;
      const told = await this.#info.call();
      if (this.#closing.signal.aborted) throw aborted(this.#closing.signal);
      if (!this.#isBehind(told)) {
        const answer = await this.#reached(told.info.state.last_seq, gaps, deadline, read);
        if (answer !== undefined) return answer.value;
      }
      if (clock.elapsed() >= deadline) throw late(timeoutMs);
      if (this.#behindSince !== undefined) await clock.sleep(BEHIND_WAIT_MS, this.#closing.signal);
    }
  }

  latest(key: string): Known {
    const { replica } = this.#parts;
    const own = this.#written.get(key);
    if (own !== undefined && own.revision > replica.revision) return { ...own, entry: undefined };
    const entry = replica.entries.get(key);
    if (entry !== undefined) return { present: true, revision: entry.revision, entry };
    return { present: false, revision: replica.deletions.get(key)?.revision ?? 0, entry };
  }

  /** Remembers an own write until it comes back. */
  wrote(key: string, revision: number, present: boolean): void {
    const { replica } = this.#parts;
    this.#highest = Math.max(this.#highest, revision);
    if (revision === this.knownTo + 1) this.#ownTo = revision;
    if (revision <= replica.revision) return;
    if (this.#written.size >= MANY_WRITES) {
      for (const [one, write] of this.#written)
        if (write.revision <= replica.revision) this.#written.delete(one);
    }
    const before = this.#written.get(key);
    if (before === undefined || before.revision < revision) this.#written.set(key, { present, revision });
  }

  /** Runs one consumer from its beginning to its end; returns why it ended. */
  async #follow(connection: NatsConnection): Promise<string> {
    const { bucket, replica, clock } = this.#parts;
    const told = await this.#ask();
    const { info } = told;
    if (this.#lastConsumer !== undefined) bucket.endConsumer(this.#lastConsumer).catch(() => undefined);
    if (this.#isBehind(told)) return 'the leader of the bucket is behind';
    const why = this.#distrusted ? 'messages are not what they were' : replica.whyNotResume(info);
    if (why !== undefined) this.#reset(info, why);
    if (this.#connection !== connection) return 'the connection was lost';
    const feed = new Feed({
      bucket,
      connection,
      clock,
      onMessage: (message, delivery) => this.#take(message, delivery),
    });
    this.#feed = feed;
    try {
      // Purges show only in the numbers, and only to a mirror that is complete.
      this.upToDate(() => undefined).catch(() => undefined);
      return await feed.run(Math.max(1, replica.revision));
    } finally {
      this.#lastConsumer = feed.consumer;
      this.#feed = undefined;
    }
  }

  #take(message: Msg, delivery: Delivery): void {
    if (!this.#parts.replica.apply(message, delivery)) {
      this.#distrusted = true;
      this.#feed?.end('the bucket has lost messages');
      return;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#settle()); // after all that arrived in one piece
  }

  #settle(): void {
    this.#scheduled = false;
    this.#parts.replica.flush();
    for (const waiter of this.#waiters) if (waiter.settle()) this.#waiters.delete(waiter);
  }

  /**
   * Asks the leader. Its answer may be older than messages received before by another way, so their revision is noted
   * first.
   */
  async #ask(): Promise<Told> {
    const { bucket, replica } = this.#parts;
    const { created } = replica;
    const known = Math.max(this.#highest, replica.revision);
    return { info: await bucket.info(), created, known };
  }

  /** Whether the leader still lacks messages known to exist. If it has different ones, the mirror resyncs. */
  #isBehind({ info, created, known }: Told): boolean {
    const { replica, clock } = this.#parts;
    this.#isReplicated = info.config.num_replicas > 1;
    const why = replica.whyNot(info);
    const lacks = created === info.created && info.state.last_seq < known;
    if (!lacks) this.#behindSince = undefined;
    if (lacks) {
      this.#behindSince ??= clock.elapsed();
      if (clock.elapsed() - this.#behindSince < BEHIND_MS) return true;
    }
    if (why !== undefined || lacks) {
      this.#reset(info, why ?? 'the bucket has lost messages');
      this.#feed?.end('rereading the bucket from the start');
    }
    return false;
  }

  #reset(info: StreamInfo, why: string): void {
    const { replica, logger, bucket } = this.#parts;
    if (replica.created !== undefined)
      logger.warn('rereading the bucket from the start', { bucket: bucket.name, why });
    replica.reset(info, this.#highest);
    this.#highest = 0;
    this.#ownTo = 0;
    this.#written.clear();
    this.#distrusted = false;
    this.#behindSince = undefined;
  }

  /** The value read once the replica has that revision; undefined if the leader must be asked again. */
  #reached<T>(
    revision: number,
    gaps: number,
    deadline: number,
    read: () => T,
  ): Promise<{ readonly value: T } | undefined> {
    const { replica, clock, timeoutMs } = this.#parts;
    return new Promise((resolve, reject) => {
      const settle = (): boolean => {
        if (!replica.whole || replica.revision < revision) return false;
        cancel();
        resolve(replica.exact || replica.gaps === gaps ? { value: read() } : undefined);
        return true;
      };
      let cancel = (): void => {};
      if (settle()) return;
      if (this.#connection === undefined) {
        reject(new GantryError('UNAVAILABLE', 'store-nats: not connected to a server'));
        return;
      }
      const fail = (error: GantryError): void => {
        cancel();
        reject(error);
      };
      const waiter: Waiter = { revision, settle, reject: fail };
      cancel = clock.after(Math.max(0, deadline - clock.elapsed()), () => {
        this.#waiters.delete(waiter);
        reject(late(timeoutMs));
      });
      this.#waiters.add(waiter);
      this.#cancelStall ??= this.#watchStall();
    });
  }

  #watchStall(): () => void {
    const { clock, replica } = this.#parts;
    const { revision, gaps } = replica;
    return clock.after(STALL_MS, () => {
      this.#cancelStall = undefined;
      if (this.#waiters.size === 0 || this.#closing.signal.aborted) return;
      if (replica.revision === revision && replica.gaps === gaps) void this.#probe();
      this.#cancelStall = this.#watchStall();
    });
  }

  /** Called when no message arrives: either none of those awaited are left in the bucket, or something is broken. */
  async #probe(): Promise<void> {
    const { bucket, replica } = this.#parts;
    const { revision, gaps } = replica;
    const feed = this.#feed;
    const wanted = Math.max(...[...this.#waiters].map((waiter) => waiter.revision));
    try {
      const more = await bucket.hasFrom(revision + 1);
      if (feed !== this.#feed || replica.revision !== revision || replica.gaps !== gaps) return;
      if (more) {
        feed?.end('the feed is closed');
        return;
      }
      replica.reach(wanted);
      this.#settle();
    } catch (error) {
      if (!isGantryError(error)) throw error;
      // asked again soon
    }
  }

  #rejectAll(error: GantryError): void {
    this.#cancelStall?.();
    this.#cancelStall = undefined;
    const all = [...this.#waiters];
    this.#waiters.clear();
    for (const { reject } of all) reject(error);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = new AbortController();
    wake.abort();
  }
}

function closed(): GantryError {
  return new GantryError('CLOSED', 'store-nats: the store is closed');
}

function late(timeoutMs: number): GantryError {
  return new GantryError(
    'TIMEOUT',
    `store-nats: what is in the bucket did not arrive within ${timeoutMs} ms`,
  );
}
