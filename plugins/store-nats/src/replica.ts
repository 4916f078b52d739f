import type { Logger } from '@gantry/core';
import type { Entry, StoreEvent } from '@gantry/core/contracts';
import { EventLog, SortedEntries } from '@gantry/storing';
import type { Msg } from '@nats-io/transport-node';
import type { Bucket, StreamInfo } from './bucket.ts';
import { type Delivery, isDelete } from './delivery.ts';
import { freezeJson } from './freeze-json.ts';

const NANOS = 1e6;

/** Revision and time of a key's deletion. */
export interface Deletion {
  readonly revision: number;
  readonly atMs: number;
  /** False for a value that is not valid JSON, which only counts as a delete. */
  readonly isMark: boolean;
}

export interface ReplicaOptions {
  readonly bucket: Bucket;
  readonly logger: Logger;
  /** Maximum number of events kept. */
  readonly events: number;
  /** Maximum number of bytes of their messages. */
  readonly eventBytes: number;
  readonly deletesKeptMs: number;
}

/**
 * The contents of the bucket, kept up to date from its messages, and the resulting events. A bucket drops superseded
 * messages, so one may be missing whose successor is still to come: until it arrives the replica is not exact.
 */
export class Replica {
  readonly entries = new SortedEntries();
  /** Deletions of the keys that are absent, oldest first. */
  readonly deletions = new Map<string, Deletion>();
  readonly #options: ReplicaOptions;
  #log: EventLog;
  /** An empty log for the revisions handed out before the last resync. */
  #gone: EventLog;
  #events: StoreEvent[] = [];
  /** Sizes in bytes of the messages that the events come from. */
  #sizes: number[] = [];
  #revision = 0;
  #time = '';
  #size = 0;
  #gaps = 0;
  #exact = true;
  #created: string | undefined;
  /** Revision from which the replica is whole. */
  #wholeFrom = Number.POSITIVE_INFINITY;
  #whole = false;
  #complained = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#log = this.#logSince(Number.MAX_SAFE_INTEGER);
    this.#gone = this.#logSince(0);
  }

  /** Revision of the newest message received. */
  get revision(): number {
    return this.#revision;
  }

  /** Creation time of the bucket's stream, which identifies it. */
  get created(): string | undefined {
    return this.#created;
  }

  /** Whether everything that was in the bucket when reading began has arrived. */
  get whole(): boolean {
    return this.#whole;
  }

  /** Whether it shows what the bucket held at its revision, as far as the messages tell. */
  get exact(): boolean {
    return this.#exact;
  }

  /** Number of gaps so far: while it stays the same, everything missing before has been superseded. */
  get gaps(): number {
    return this.#gaps;
  }

  /** When the newest message was written, in ms. */
  get timeMs(): number {
    return Number(this.#time) / NANOS;
  }

  watch(
    prefix: string,
    options: { since: number; signal: AbortSignal },
  ): AsyncIterator<readonly StoreEvent[], unknown> {
    const { since } = options;
    const log = since > this.#revision && since < this.#gone.oldest ? this.#gone : this.#log;
    return log.watch(prefix, options)[Symbol.asyncIterator]();
  }

  /** Why the replica cannot continue from its state with this bucket; undefined if it can. */
  whyNot({ created, state }: StreamInfo): string | undefined {
    if (created !== this.#created)
      return this.#created === undefined ? 'it is the first' : 'it is another bucket';
    if (state.last_seq === this.#revision && state.messages < this.#size) return 'the bucket was purged';
    return undefined;
  }

  /** As {@link whyNot}, after messages may have been missed. */
  whyNotResume(info: StreamInfo): string | undefined {
    const { last_seq: last, last_ts: time } = info.state;
    const why = this.whyNot(info);
    if (why !== undefined || this.#time === '') return why;
    const missedMs = last > this.#revision ? Date.parse(time) - this.timeMs : 0;
    return missedMs > this.#options.deletesKeptMs / 2
      ? 'deletes that were missed may be forgotten'
      : undefined;
  }

  /** Discards everything. Watches end as `COMPACTED`, and so do those that begin before the replica is whole again. */
  reset(info: StreamInfo, highest: number): void {
    this.flush();
    const { last_seq: last, messages } = info.state;
    const gone = Math.max(this.#gone.oldest, this.#revision + 1, highest + 1);
    this.#log.forget(gone);
    this.#log = this.#logSince(Number.MAX_SAFE_INTEGER);
    if (this.#created !== undefined) this.#gone = this.#logSince(gone);
    this.entries.clear();
    this.deletions.clear();
    this.#revision = 0;
    this.#time = '';
    this.#size = 0;
    this.#gaps++;
    this.#exact = true;
    this.#created = info.created;
    this.#wholeFrom = last;
    this.#whole = false;
    if (messages === 0) this.reach(last);
  }

  /**
   * Applies a message. Returns false if it shows that the bucket has lost messages: it differs from the earlier message
   * of the same sequence.
   */
  apply(message: Msg, { seq, pending, time }: Delivery): boolean {
    if (seq <= this.#revision) return seq < this.#revision || this.#time === '' || time === this.#time;
    if (seq !== this.#revision + 1) {
      this.#gaps++;
      this.#exact = false;
    }
    this.#time = time;
    const key = this.#options.bucket.keyOf(message.subject);
    if (key === undefined) this.#complain('a message is of no store and is ignored', message.subject);
    else this.#put(key, message, seq);
    if (pending === 0) this.#exact = true;
    this.reach(seq);
    return true;
  }

  /** Notes that the bucket has no messages between the replica's revision and this one. */
  reach(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    if (this.#whole || this.#revision < this.#wholeFrom) return;
    this.#log = this.#logSince(this.#revision);
    this.#whole = true;
  }

  /** Delivers to watches what was applied since the last call. */
  flush(): void {
    if (this.#events.length === 0) return;
    const [events, sizes] = [this.#events, this.#sizes];
    this.#events = [];
    this.#sizes = [];
    this.#log.append(events, sizes);
  }

  close(): void {
    this.flush();
    this.#log.close();
    this.#gone.close();
  }

  #put(key: string, message: Msg, revision: number): void {
    const isMark = isDelete(message);
    const value = isMark ? undefined : this.#valueOf(key, message);
    const event: StoreEvent = Object.freeze({ key, value, revision });
    const known = this.entries.get(key) !== undefined;
    if (value === undefined) {
      this.deletions.delete(key); // so that it is inserted last
      this.deletions.set(key, { revision, atMs: this.timeMs, isMark });
      if (known) this.#size--;
      this.entries.delete(key);
    } else {
      this.deletions.delete(key);
      if (!known) this.#size++;
      this.entries.put(event as Entry);
    }
    if (!this.#whole) return;
    this.#events.push(event);
    this.#sizes.push(message.subject.length + message.data.length);
  }

  /** A value that is not valid JSON was written by another client; it counts as a delete. */
  #valueOf(key: string, message: Msg): unknown {
    try {
      return freezeJson(message.json());
    } catch {
      this.#complain('a value is not valid JSON and counts as deleted', key);
      return undefined;
    }
  }

  #complain(what: string, key: string): void {
    const { logger, bucket } = this.#options;
    if (this.#complained) logger.debug(what, { bucket: bucket.name, key });
    else logger.warn(what, { bucket: bucket.name, key });
    this.#complained = true;
  }

  #logSince(since: number): EventLog {
    const { events: limit, eventBytes: limitBytes } = this.#options;
    return new EventLog({ name: 'store-nats', limit, limitBytes, since });
  }
}
