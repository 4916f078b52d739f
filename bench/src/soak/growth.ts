import { median, round } from '../support.ts';
import type { Sample } from './sample.ts';

/** Initial and final value of a measure, and the bound of its growth. */
export interface Growth {
  readonly from: number;
  readonly to: number;
  readonly bound: number;
  /** Slope of a line through all compared samples, by least squares. */
  readonly perHour: number;
  readonly ok: boolean;
}

type Measures = Readonly<Record<string, number>>;
type Both = { readonly from: Measures; readonly to: Measures };
type Bound = (from: number, both: Both) => number;

/** Tasks of the settled cluster, plus the ended ones that are kept: a multiple of that number. */
const MAX_TASKS = 32;
const MAX_ENDED = 2 * MAX_TASKS;
/** 5,000 are kept, for an hour at most, and more may arrive until the leader checks again. */
const MAX_EVENTS = 6000;
/** Number of newest events that store-nats keeps in memory, then the size of each, from heap snapshots (1.2 KiB). */
const KEPT_EVENTS = 100_000;
const KEPT_MIB = 1.5 / 1024;
/** Maximum size of the mark that a deletion leaves in a bucket for an hour. */
const MARK_MIB = 400 / 2 ** 20;

const plus =
  (share: number, more: number): Bound =>
  (from) =>
    from * (1 + share) + more;
const same = plus(0, 0);
const atMost =
  (most: number): Bound =>
  () =>
    most;
/** A process in a steady state: memory that is not released immediately, a few connections and timers more or less. */
const steady = (role: string, kept: (both: Both) => number): readonly (readonly [string, Bound])[] => [
  [`${role}.rssMiB`, (from, both) => from * 1.2 + 1.5 * kept(both)],
  [`${role}.heapMiB`, (from, both) => from * 1.15 + 2 + kept(both)],
  [`${role}.externalMiB`, plus(0.15, 2)],
  [`${role}.fds`, plus(0, 5)],
  [`${role}.threads`, plus(0, 2)],
  [`${role}.resources`, plus(0, 10)],
];

/** Bounds of growth. Events are kept for an hour: their size is subtracted from the other measures. */
const BOUNDS: readonly (readonly [measure: string, bound: Bound])[] = [
  ...steady('server', keptMiB),
  ...steady('agent', () => 0),
  ['client.heapMiB', (from, both) => from * 1.2 + 4 + keptMiB(both)],
  ['client.fds', plus(0, 10)],
  ['nats.connections', same],
  ['nats.subscriptions', same],
  ['jetstream.streams', same],
  ['jetstream.consumers', same],
  ['jetstream.MiB', (from, both) => from * 1.1 + 1 + eventMiB(both) + markMiB(both)],
  ['etcd.inUseMiB', (from, both) => from * 1.1 + 1 + 2 * eventMiB(both)],
  ['etcd.watchers', plus(0, 6)], // of the steady server, one for each kind that is watched
  ['etcd.fds', plus(0, 10)], // its log's files
  ['store.KiB', plus(0.1, 8)],
  ['store.services', same],
  ['store.nodes', same],
  ['store.tasks', atMost(MAX_TASKS + MAX_ENDED)],
  ['store.usedTemplates', plus(0.1, 4)],
  ['store.events', atMost(MAX_EVENTS)],
  ['store.tokens', same],
  ['store.cluster', same],
  ['store.leader', same],
  ['tasks.processes', same],
  ['tasks.zombies', same],
  ['tasks.cgroups', atMost(MAX_TASKS + MAX_ENDED)],
  ['tasks.ended', atMost(MAX_ENDED)],
  ['agents.filesPerTask', plus(0.1, 1)],
  ['agents.KiBPerTask', plus(0.1, 1)],
  ['api.streams', same],
];

function eventMiB({ from, to }: Both): number {
  return Math.max(0, of(to, 'store.eventsKiB') - of(from, 'store.eventsKiB')) / 1024;
}

function markMiB({ from, to }: Both): number {
  return Math.max(0, of(to, 'jetstream.messages') - of(from, 'jetstream.messages')) * MARK_MIB;
}

function keptMiB({ from, to }: Both): number {
  const kept = (at: Measures): number => Math.min(KEPT_EVENTS, of(at, 'jetstream.writes'));
  return Math.max(0, kept(to) - kept(from)) * KEPT_MIB;
}

/**
 * Compares the first third of the samples with the last one, each by its median. The warm-up is excluded: during it,
 * bounded buffers fill up, and each slot reaches the number of ended tasks that it keeps.
 *
 * @param without measures that mean nothing in this run
 */
export function growthOf(
  samples: readonly Sample[],
  without: ReadonlySet<string>,
): Readonly<Record<string, Growth>> {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const both: Both = { from: mediansOf(samples.slice(0, third)), to: mediansOf(samples.slice(-third)) };
  return Object.fromEntries(
    BOUNDS.filter(([name]) => (name in both.from || name in both.to) && !without.has(name)).map(
      ([name, boundOf]) => {
        const [from, to] = [of(both.from, name), of(both.to, name)];
        const bound = boundOf(from, both);
        const growth: Growth = {
          ...{ from: round(from), to: round(to), bound: round(bound) },
          perHour: round(slope(samples, name)),
          ok: to <= bound,
        };
        return [name, growth];
      },
    ),
  );
}

function mediansOf(samples: readonly Sample[]): Measures {
  const names = new Set(samples.flatMap(({ measures }) => Object.keys(measures)));
  return Object.fromEntries(
    [...names].map((name) => [name, median(samples.map(({ measures }) => of(measures, name)))]),
  );
}

function slope(samples: readonly Sample[], name: string): number {
  const points = samples.map(({ minutes, measures }) => [minutes / 60, of(measures, name)] as const);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return under === 0 ? 0 : over / under;
}

function of(measures: Measures, name: string): number {
  return measures[name] ?? 0;
}
