import type { Clock } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { AnyObject } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { allPages } from '../cluster/all-pages.ts';
import { problemOf } from '../output/problem.ts';
import type { Catalog } from './catalog.ts';
import { VIEW_KINDS, type ViewKind } from './view-kinds.ts';

export interface FeedOptions {
  readonly api: ClusterApi;
  readonly clock: Clock;
  readonly catalog: Catalog;
  /** Namespace to list (default: all). */
  readonly namespace?: string | undefined;
  /** Listed instead of all namespaces if the token does not allow those. */
  readonly fallback: string;
  readonly signal: AbortSignal;
  /** Called when the catalog has changed. */
  changed(): void;
  /** Called if the token is limited to the fallback namespace. */
  confined(namespace: string): void;
  /** Called with undefined if the server answers, otherwise with the problem. */
  reached(problem: string | undefined): void;
}

const PROBE_MS = 2000;
const PROBE_TIMEOUT_MS = 5000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5000;
/** Interval between measurements of resource usage: at least this, and ten times the duration of a measurement. */
const STATS_MS = 2000;
const STATS_SHARE = 10;

/** Keeps the catalog up to date by watches until the signal fires, across losses of the server. */
export async function followCluster(options: FeedOptions): Promise<void> {
  const tasks = VIEW_KINDS.map((kind) => followKind(kind, options));
  await Promise.all([...tasks, probe(options), measure(options)]);
}

async function followKind(kind: ViewKind, options: FeedOptions): Promise<void> {
  const { api, clock, catalog, fallback, signal, changed } = options;
  let { namespace } = options;
  for (let failures = 0; !signal.aborted; ) {
    const place = kind === 'node' ? {} : { namespace };
    try {
      const { items, revision } = await allPages(api, kind, { ...place, signal });
      catalog.replace(kind, items);
      changed();
      for await (const batch of api.watch(kind, { ...place, since: revision, signal })) {
        failures = 0;
        catalog.apply(
          kind,
          batch as readonly { type: 'added' | 'modified' | 'deleted'; object: AnyObject }[],
        );
        changed();
      }
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = problemOf(error);
      if (code === 'FORBIDDEN' && namespace === undefined && kind !== 'node') {
        namespace = fallback;
        options.confined(fallback);
        continue;
      }
      if (code === 'FORBIDDEN' || code === 'UNAUTHENTICATED') {
        catalog.deny(kind, message);
        changed();
        return;
      }
      if (code !== 'COMPACTED') options.reached(message);
    }
    await clock.sleep(retryMs(failures++), signal).catch(() => undefined);
  }
}

const retryMs = (failures: number): number =>
  Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));

/** Watches hide a lost connection, so the server is probed separately. */
async function probe({ api, clock, signal, reached }: FeedOptions): Promise<void> {
  while (!signal.aborted) {
    const late = new AbortController();
    const cancel = clock.after(PROBE_TIMEOUT_MS, () => late.abort());
    try {
      await api.info({ signal: AbortSignal.any([signal, late.signal]) });
      reached(undefined);
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = problemOf(error);
      const refused = code === 'FORBIDDEN' || code === 'UNAUTHENTICATED' || code === 'EXHAUSTED';
      if (late.signal.aborted) reached(`no answer within ${counted(PROBE_TIMEOUT_MS / 1000, 'second')}`);
      else reached(refused ? undefined : message);
    } finally {
      cancel();
    }
    await clock.sleep(PROBE_MS, signal).catch(() => undefined);
  }
}

async function measure({ api, clock, catalog, signal, changed }: FeedOptions): Promise<void> {
  while (!signal.aborted) {
    const began = clock.elapsed();
    try {
      catalog.measured(await api.stats({ signal }));
      changed();
    } catch (error) {
      // Without measurements the columns stay empty; the probe reports a lost server.
      if (['FORBIDDEN', 'UNSUPPORTED'].includes(problemOf(error).code)) return;
    }
    const pause = Math.max(STATS_MS, STATS_SHARE * (clock.elapsed() - began));
    await clock.sleep(pause, signal).catch(() => undefined);
  }
}
