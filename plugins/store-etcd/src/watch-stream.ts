import type { Clock } from '@gantry/core';
import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import type { WatchEvent, WatchRequest, WatchResponse } from './etcd-api.ts';
import { Failure } from './failure.ts';
import type { Range } from './read-all.ts';
import type { Server } from './server.ts';

/** One watch as it is asked of etcd, again on every new stream. */
export interface WatchState {
  readonly range: Range;
  /** The first revision that is not delivered yet. */
  next: number;
}

/** What is told of the watches of a stream. */
export interface WatchListener<W extends WatchState> {
  /** etcd has taken a watch. */
  created(watch: W): void;
  /** All events of one or more revisions, none twice. */
  events(watch: W, events: readonly WatchEvent[]): void;
  /** The events from `next` to this revision are gone. */
  compacted(watch: W, revision: number): void;
  /** etcd does not let the user watch this, or does not know the token any more. */
  refused(watch: W, reason: string): void;
  /** The stream is over; not called after {@link WatchStream.close}. */
  ended(failure: Failure): void;
}

export interface WatchStreamOptions<W extends WatchState> {
  readonly server: Server;
  readonly stream: ClientDuplexStream<WatchRequest, WatchResponse>;
  readonly clock: Clock;
  /** So long etcd may take to answer that it watches. */
  readonly timeoutMs: number;
  readonly listener: WatchListener<W>;
}

/** Many watches over one stream, told apart by numbers that are ours. */
export class WatchStream<W extends WatchState> {
  readonly #server: Server;
  readonly #stream: ClientDuplexStream<WatchRequest, WatchResponse>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #listener: WatchListener<W>;
  readonly #watches = new Map<number, W>();
  readonly #ids = new Map<W, number>();
  /** Those that etcd has not answered yet: it answers in the order in which it is asked. */
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
    // From the event before, which is left out then: at the very revision to which it has compacted, etcd may keep silent
    // about a delete (etcd-io/etcd#18089). 0 would be the present.
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
    if (watch === undefined) return; // it was removed while this was on its way
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
      watch.next = Math.max(watch.next, header.revision + 1); // etcd tells that nothing happened
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

  /** A server that does not answer in time is as good as none. */
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
