import type { Clock } from '@gantry/core';
import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import type { WatchEvent, WatchRequest, WatchResponse } from './etcd-api.ts';
import { Failure } from './failure.ts';
import type { Range } from './read-all.ts';
import type { Server } from './server.ts';

/** A watch as requested from etcd, again on every new stream. */
export interface WatchState {
  readonly range: Range;
  /** The first revision that is not delivered yet. */
  next: number;
}

/** Receives the events of a stream's watches. */
export interface WatchListener<W extends WatchState> {
  /** etcd has created a watch. */
  created(watch: W): void;
  /** All events of one or more revisions, without duplicates. */
  events(watch: W, events: readonly WatchEvent[]): void;
  /** The events from `next` to this revision are gone. */
  compacted(watch: W, revision: number): void;
  /** etcd denies the user this watch, or no longer knows the token. */
  refused(watch: W, reason: string): void;
  /** The stream has ended; not called after {@link WatchStream.close}. */
  ended(failure: Failure): void;
}

export interface WatchStreamOptions<W extends WatchState> {
  readonly server: Server;
  readonly stream: ClientDuplexStream<WatchRequest, WatchResponse>;
  readonly clock: Clock;
  /** Maximum time for etcd to confirm a watch. */
  readonly timeoutMs: number;
  readonly listener: WatchListener<W>;
}

/** Many watches over one stream, distinguished by ids that this store assigns. */
export class WatchStream<W extends WatchState> {
  readonly #server: Server;
  readonly #stream: ClientDuplexStream<WatchRequest, WatchResponse>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #listener: WatchListener<W>;
  readonly #watches = new Map<number, W>();
  readonly #ids = new Map<W, number>();
  /** Ids of the watches that etcd has not confirmed yet: it confirms them in the order of the requests. */
  readonly #asked: number[] = [];
  #lastId = 0;
  #stopWaiting: (() => void) | undefined;
  #over = false;

  constructor({ server, stream, clock, timeoutMs, listener }: WatchStreamOptions<W>) {
    this.#server = server;
    this.#stream = stream;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#listener = listener;
    stream.on('data', (response: WatchResponse) => this.#take(response));
    stream.on('error', (error: ServiceError) => this.#end(server.failed(error)));
    stream.on('end', () => this.#end(server.failed(undefined)));
  }

  add(watch: W): void {
    if (this.#over) return;
    const watchId = ++this.#lastId;
    this.#watches.set(watchId, watch);
    this.#ids.set(watch, watchId);
    this.#asked.push(watchId);
    // Starts at the previous revision, whose event is then left out: at exactly the revision to which it has compacted,
    // etcd may not deliver a delete (etcd-io/etcd#18089). 0 would mean the present.
    const startRevision = Math.max(1, watch.next - 1);
    const createRequest = { ...watch.range, startRevision, progressNotify: true, watchId };
    this.#stream.write({ createRequest });
    if (this.#asked.length === 1) this.#wait();
  }

  remove(watch: W): void {
    const watchId = this.#ids.get(watch);
    if (watchId === undefined || this.#over) return;
    this.#forget(watchId);
    this.#stream.write({ cancelRequest: { watchId } });
  }

  close(): void {
    this.#over = true;
    this.#stopWaiting?.();
    this.#stream.cancel();
  }

  #take(response: WatchResponse): void {
    if (this.#over) return;
    const { created, canceled, events, header, compactRevision = 0, cancelReason = '' } = response;
    const watchId = created === true ? (this.#asked.shift() as number) : (response.watchId ?? 0);
    if (created === true) this.#wait();
    const watch = this.#watches.get(watchId);
    if (watch === undefined) return; // it was removed while this was in flight
    if (canceled === true) {
      this.#forget(watchId);
      if (compactRevision > 0) this.#listener.compacted(watch, compactRevision);
      else if (/permission denied|auth token/.test(cancelReason)) this.#listener.refused(watch, cancelReason);
      else
        this.#end(new Failure(this.#server.name, status.UNAVAILABLE, `etcd ended a watch: ${cancelReason}`));
    } else if (events !== undefined) {
      this.#deliver(watch, events);
    } else if (created === true) {
      this.#listener.created(watch);
    } else {
      watch.next = Math.max(watch.next, header.revision + 1); // a progress notification
    }
  }

  #deliver(watch: W, events: readonly WatchEvent[]): void {
    const { next } = watch;
    const fresh = events[0] !== undefined && events[0].kv.modRevision >= next;
    const told = fresh ? events : events.filter(({ kv }) => kv.modRevision >= next);
    const last = told.at(-1);
    if (last === undefined) return;
    watch.next = last.kv.modRevision + 1;
    this.#listener.events(watch, told);
  }

  #forget(watchId: number): void {
    const watch = this.#watches.get(watchId);
    this.#watches.delete(watchId);
    if (watch !== undefined) this.#ids.delete(watch);
  }

  /** Fails the stream if etcd does not answer in time. */
  #wait(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    if (this.#asked.length === 0) return;
    this.#stopWaiting = this.#clock.after(this.#timeoutMs, () => {
      this.#end(
        new Failure(
          this.#server.name,
          status.DEADLINE_EXCEEDED,
          `no answer to a watch in ${this.#timeoutMs} ms`,
        ),
      );
    });
  }

  #end(failure: Failure): void {
    if (this.#over) return;
    this.close();
    this.#listener.ended(failure);
  }
}
