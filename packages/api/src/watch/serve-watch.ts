import { type Clock, GantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { LineStream } from '../http/line-stream.ts';
import { problemOf } from '../http/problem.ts';
import type { Call } from '../http/route.ts';
import type { Streams } from '../http/streams.ts';
import { bookmarkLine } from './batch.ts';
import type { KindHub } from './kind-hub.ts';
import type { Selection } from './selection.ts';
import { Watcher } from './watcher.ts';

/** Time limit for the client to read the last line. */
const LAST_MS = 1000;

interface Parts {
  readonly api: ClusterApi;
  readonly clock: Clock;
  readonly streams: Streams;
  readonly dropped: () => void;
}

/**
 * Streams the changes of a kind until either side ends the watch.
 * @throws `COMPACTED` if the changes since then are no longer available, `EXHAUSTED` beyond the limits.
 */
export async function serveWatch(
  call: Call,
  hub: KindHub,
  selection: Selection,
  since: number | undefined,
  { api, clock, streams, dropped }: Parts,
): Promise<void> {
  let finish: (why: GantryError | 'end' | 'left') => void = () => {};
  let ended = false;
  const release = streams.add('watch', call.who, (why) => finish(why ?? 'end'));
  finish = () => {
    ended = true;
  };
  try {
    await hub.open(since);
    if (since !== undefined) await checkSince(api, hub, since);
  } catch (error) {
    release();
    throw error;
  }
  const { ring } = hub;
  const stream = new LineStream(call.reply);
  let watcher: Watcher | undefined;
  const endedBefore = ended;
  ended = false;
  finish = (why) => {
    if (ended) return;
    ended = true;
    release();
    if (watcher !== undefined) hub.leave(watcher);
    if (why === 'left') return;
    if (why === 'end') stream.end({ type: 'end' });
    else {
      if (why.code === 'COMPACTED') dropped();
      stream.end({ type: 'error', problem: problemOf(why, call.request) });
    }
    clock.after(LAST_MS, () => stream.destroy());
  };
  stream.onClose(() => finish('left'));
  if (endedBefore) return finish('end');

  let position = { next: ring.after(since ?? 0), above: since ?? 0 };
  if (since === undefined) {
    const { lines, ...place } = hub.snapshot(selection);
    position = place;
    for (const piece of lines) {
      await stream.send(piece);
      if (ended) return;
    }
  }
  stream.write(bookmarkLine(position.above));
  // The hub has stopped or restarted in the meantime: positions refer to another ring.
  if (hub.ring !== ring) return finish('end');
  watcher = new Watcher(stream, selection, position, (_, why) => finish(why));
  stream.onDrain(() => watcher !== undefined && hub.drained(watcher));
  hub.join(watcher);
}

async function checkSince(api: ClusterApi, hub: KindHub, since: number): Promise<void> {
  const { kind } = hub.definition;
  const { from } = hub.ring;
  if (since < from) {
    const message = `the changes of kind ${kind} are known since revision ${from}, not since ${since}: list again`;
    throw new GantryError('COMPACTED', message, { details: { since, oldest: from } });
  }
  if (since <= hub.revision) return;
  const { revision } = await api.info();
  if (since > revision) {
    const message = `revision ${since} is of another cluster, or of one whose state was lost: list again`;
    throw new GantryError('COMPACTED', message, { details: { since, revision } });
  }
}
