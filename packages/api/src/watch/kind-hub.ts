import { type Clock, type GantryError, isGantryError, type Logger, toGantryError } from '@gantry/core';
import type { ClusterApi, WatchEvent } from '@gantry/core/api';
import { type AnyObject, idOf, type Kind, type KindDefinition } from '@gantry/core/model';
import { Batch, type Change, lineOf } from './batch.ts';
import { Ring } from './ring.ts';
import type { Selection } from './selection.ts';
import type { Watcher } from './watcher.ts';

const LINGER_MS = 60_000;
const BATCH_EVENTS = 256;
const MAX_PAUSE_MS = 100;
/** Maximum share of the time that is spent sending to watchers. */
const SHARE = 0.25;

interface Known {
  readonly object: AnyObject;
  /** The `added` line, once it has been requested. */
  line?: string;
}

export interface HubParts {
  readonly api: ClusterApi;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly historyBytes: number;
  readonly bookmarkMs: number;
}

/**
 * Follows one kind with a single watch of the cluster's API, for any number of watchers. Changes are encoded once and
 * kept in a ring, in which each watcher has a position. The hub stops following after it has had no watchers for a
 * while.
 */
export class KindHub {
  readonly definition: KindDefinition;
  readonly #parts: HubParts;
  readonly #watchers = new Set<Watcher>();
  readonly #objects = new Map<string, Known>();
  #opening: Promise<void> | undefined;
  #stop = new AbortController();
  #ring: Ring;
  /** Revision of the initial list in `#objects`. For changes up to it, the previous state of the object is unknown. */
  #base = 0;
  #pending: Change[] = [];
  #cancelFlush: (() => void) | undefined;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #flushTook = 0;
  /** Whether the last batches are still being handed over to the sockets. */
  #telling = false;
  #cancelTick: () => void = () => {};
  #idleSince: number | undefined;
  /** The last attempt failed because the changes before the list had been compacted: start from the list itself. */
  #listFirst = false;

  constructor(definition: KindDefinition, parts: HubParts) {
    this.definition = definition;
    this.#parts = parts;
    this.#ring = new Ring(0, parts.historyBytes);
  }

  get ring(): Ring {
    return this.#ring;
  }

  /** Revision up to which the hub has seen all changes of its kind. */
  get revision(): number {
    return Math.max(this.#base, this.#ring.at(this.#ring.end - 1)?.last ?? 0);
  }

  /** Starts following, unless it already does. The first caller determines the revision from which changes are kept. */
  open(since: number | undefined): Promise<void> {
    this.#idleSince = undefined;
    this.#opening ??= this.#begin(since).catch((error: unknown) => {
      this.#reset();
      throw error;
    });
    return this.#opening;
  }

  /** The current objects, as lines in chunks, with the position in the ring from which to continue. */
  snapshot(selection: Selection): { lines: Iterable<string>; next: number; above: number } {
    this.#flush();
    const known = [...this.#objects.values()].filter(({ object }) => selection.has(object));
    return { lines: linesOf(known, selection), next: this.#ring.end, above: this.revision };
  }

  join(watcher: Watcher): void {
    this.#watchers.add(watcher);
    watcher.pump(this.#ring);
  }

  leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  drained(watcher: Watcher): void {
    if (this.#watchers.has(watcher)) watcher.pump(this.#ring);
  }

  close(): void {
    this.#endAll('end');
    this.#reset();
  }

  async #begin(since: number | undefined): Promise<void> {
    const { api, historyBytes } = this.#parts;
    const stop = this.#stop;
    const { items, revision } = await api.list(this.definition.kind, { signal: stop.signal });
    for (const object of items) this.#objects.set(idOf(object.meta), { object });
    this.#base = revision;
    const from = this.#listFirst ? revision : Math.min(since ?? revision, revision);
    this.#ring = new Ring(from, historyBytes);
    this.#tick();
    void this.#follow(from, stop);
  }

  async #follow(since: number, stop: AbortController): Promise<void> {
    let why: GantryError | 'end' = 'end';
    try {
      const { kind } = this.definition;
      for await (const events of this.#parts.api.watch<Kind>(kind, { since, signal: stop.signal })) {
        if (stop.signal.aborted) return;
        for (const event of events) this.#take(event);
        this.#flushSoon();
      }
    } catch (error) {
      if (!isGantryError(error, 'CLOSED', 'ABORTED')) {
        why = toGantryError(error);
        this.#parts.logger.warn('failed to watch a kind', { kind: this.definition.kind, code: why.code });
      }
    }
    if (stop.signal.aborted) return;
    this.#listFirst = isGantryError(why, 'COMPACTED');
    this.#flush();
    this.#endAll(why);
    this.#reset();
  }

  #take({ type, object }: WatchEvent<AnyObject>): void {
    const revision = object.meta.revision ?? this.revision;
    if (revision <= this.#base) {
      this.#pending.push({ type, revision, object, before: 'unknown' });
      return;
    }
    const id = idOf(object.meta);
    const before = this.#objects.get(id)?.object;
    if (type === 'deleted') this.#objects.delete(id);
    else this.#objects.set(id, { object });
    this.#pending.push({ type, revision, object, before });
  }

  /**
   * Flushes immediately after an idle period, otherwise as often as the share of time allows: the higher the load, the
   * larger the batches.
   */
  #flushSoon(): void {
    if (this.#telling || this.#cancelFlush !== undefined || this.#pending.length === 0) return;
    const { clock } = this.#parts;
    const pause = Math.min(MAX_PAUSE_MS, this.#flushTook * (1 / SHARE - 1));
    const wait = this.#flushedAt + pause - clock.elapsed();
    if (wait <= 0) this.#flush();
    else {
      this.#cancelFlush = clock.after(Math.ceil(wait), () => this.#flush());
    }
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#pending.length === 0) return;
    const { clock } = this.#parts;
    const begun = clock.elapsed();
    const pending = this.#pending;
    this.#pending = [];
    for (let at = 0, end = 0; at < pending.length; at = end) {
      end = endOfBatch(pending, at);
      this.#ring.push(new Batch(pending.slice(at, end)));
      // Watchers that are not blocked receive the batch before the next one can evict anything from the ring.
      for (const watcher of this.#watchers) watcher.pump(this.#ring);
    }
    // Responses hand over to their sockets after this turn, which takes most of the time.
    this.#telling = true;
    clock.after(0, () => {
      this.#telling = false;
      this.#flushedAt = clock.elapsed();
      this.#flushTook = this.#flushedAt - begun;
      this.#flushSoon();
    });
  }

  #tick(): void {
    const { clock, bookmarkMs } = this.#parts;
    this.#cancelTick = clock.after(bookmarkMs, () => {
      this.#flush();
      for (const watcher of this.#watchers) watcher.bookmark(this.#ring);
      if (this.#watchers.size > 0) this.#idleSince = undefined;
      else this.#idleSince ??= clock.elapsed();
      if (this.#idleSince !== undefined && clock.elapsed() - this.#idleSince >= LINGER_MS) this.#reset();
      else this.#tick();
    });
  }

  #endAll(why: GantryError | 'end'): void {
    for (const watcher of [...this.#watchers]) watcher.end(why);
  }

  #reset(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#cancelTick();
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#pending = [];
    this.#objects.clear();
    this.#ring = new Ring(0, this.#parts.historyBytes);
    this.#opening = undefined;
    this.#idleSince = undefined;
  }
}

/** Returns the end of the batch that begins at `begin`; never splits changes that share a revision. */
function endOfBatch(changes: readonly Change[], begin: number): number {
  let end = Math.min(changes.length, begin + BATCH_EVENTS);
  while (end < changes.length && changes[end]?.revision === changes[end - 1]?.revision) end++;
  return end;
}

/** In chunks of about 64 KiB. */
function* linesOf(known: readonly Known[], { show }: Selection): Iterable<string> {
  let piece = '';
  for (const each of known) {
    if (show === undefined) each.line ??= lineOf('added', each.object);
    piece += show === undefined ? each.line : lineOf('added', show(each.object));
    if (piece.length < 65_536) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
