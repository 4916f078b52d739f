import { GantryError, isGantryError, throwIfAborted } from '@gantry/core';
import type { WatchEvent } from '@gantry/core/api';
import type { AnyObject, Kind, KindMap } from '@gantry/core/model';
import { Backoff } from '@gantry/core/primitives';
import type { ClusterUids } from '../cluster-uids.ts';
import { errorOf } from '../http/problem.ts';
import type { Query, Transport } from '../http/transport.ts';

type Line =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: AnyObject }
  | { readonly type: 'bookmark'; readonly revision: number }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly problem: unknown };

interface WatchCall {
  readonly path: string;
  readonly query: Query;
  readonly since: number | undefined;
  readonly signal: AbortSignal;
}

/** Position of a watch: the cluster, the revision reached, and whether any event has been delivered to the caller. */
interface Place {
  uid: string | undefined;
  since: number | undefined;
  told: boolean;
  connected: boolean;
  readonly backoff: Backoff;
}

/**
 * Follows a kind over any number of connections, so that the caller sees one watch without a gap.
 *
 * @throws `COMPACTED` if that is impossible: the history is gone, or the cluster's state was lost (then `details` has
 * the new `uid`), or the connection was lost while all objects were being delivered as `added`. A watch that was
 * requested without `since` and has delivered nothing starts over instead.
 */
export async function* watchOver<K extends Kind>(
  transport: Transport,
  uids: ClusterUids,
  call: WatchCall,
): AsyncIterable<readonly WatchEvent<KindMap[K]>[]> {
  const { signal } = call;
  const { clock, random, closed } = transport.parts;
  const place: Place = {
    uid: call.since === undefined ? undefined : uids.of(call.since),
    since: call.since,
    told: false,
    connected: false,
    backoff: new Backoff(random),
  };
  while (!signal.aborted) {
    try {
      yield* follow<K>(transport, uids, call, place);
    } catch (error) {
      if (signal.aborted && !closed.aborted) return;
      if (isGantryError(error, 'COMPACTED')) {
        const { uid } = error.details;
        if (typeof uid === 'string') uids.seen(uid);
        if (place.told || call.since !== undefined) throw error;
        place.since = undefined;
        place.uid = undefined;
      } else if (!place.connected || !isGantryError(error, 'UNAVAILABLE', 'CLOSED', 'EXHAUSTED', 'TIMEOUT')) {
        throw error;
      }
      throwIfAborted(closed);
    }
    if (place.told && place.since === undefined) {
      throw new GantryError(
        'COMPACTED',
        'the connection was lost before all objects were delivered: list again',
      );
    }
    await clock.sleep(place.backoff.next(), signal).catch(() => undefined);
  }
  throwIfAborted(closed);
}

/** Follows one connection to its end. */
async function* follow<K extends Kind>(
  transport: Transport,
  uids: ClusterUids,
  call: WatchCall,
  place: Place,
): AsyncIterable<readonly WatchEvent<KindMap[K]>[]> {
  const { since } = place;
  const query = { ...call.query, watch: true, since, uid: since === undefined ? undefined : place.uid };
  const { path, signal } = call;
  const opened = place.connected
    ? await transport.stream({ method: 'GET', path, query, signal }, 0)
    : await transport.stream({ method: 'GET', path, query, signal });
  place.connected = true;
  place.uid = opened.uid;
  if (since === undefined) uids.seen(opened.uid);
  /**
   * Not delivered yet: more of the same revision may follow. Events held when the connection is lost are received
   * again.
   */
  let held: WatchEvent<KindMap[K]>[] = [];
  for await (const lines of opened.lines) {
    place.backoff.reset();
    let events: WatchEvent<KindMap[K]>[] = [];
    let { since: reached } = place;
    let failed: GantryError | undefined;
    for (const line of lines as readonly Line[]) {
      if (line.type === 'bookmark') {
        reached = line.revision;
        events = events.concat(held);
        held = [];
      } else if (line.type === 'error') failed = errorOf(line.problem, 500);
      else if (line.type !== 'end') {
        // Until the first bookmark the events arrive in the order of their ids, and are delivered in that order.
        (reached === undefined ? events : held).push(line as WatchEvent<KindMap[K]>);
      }
    }
    if (events.length > 0) {
      place.told = true;
      yield events;
    }
    place.since = reached;
    if (failed !== undefined) throw failed;
  }
}
