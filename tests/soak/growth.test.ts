import { expect, test } from 'vitest';
import { growthOf } from '../../bench/src/soak/growth.ts';
import type { Sample } from '../../bench/src/soak/sample.ts';

const samples = (...all: readonly Readonly<Record<string, number>>[]): readonly Sample[] =>
  all.map((measures, index) => ({ minutes: index, measures, details: {} }));
const NONE: ReadonlySet<string> = new Set();

test('the median of the first third is compared with that of the last: one outlier is not growth', () => {
  const heap = [40, 90, 40, 41, 42, 41, 43, 95, 42];
  const growth = growthOf(samples(...heap.map((mib) => ({ 'server.heapMiB': mib }))), NONE);
  expect(growth['server.heapMiB']).toMatchObject({ from: 40, to: 43, bound: 48, ok: true });
});

test('growth beyond a bound is found, with its slope', () => {
  const fds = Array.from({ length: 9 }, (_, index) => ({ 'agent.fds': 30 + index }));
  const growth = growthOf(samples(...fds), NONE);
  expect(growth['agent.fds']).toEqual({ from: 31, to: 37, bound: 36, perHour: 60, ok: false });
});

test('a constant must stay constant, and exceeding a maximum is too much', () => {
  const [from, to] = [
    { 'jetstream.consumers': 4, 'tasks.processes': 32, 'store.events': 100 },
    { 'jetstream.consumers': 5, 'tasks.processes': 32, 'store.events': 5900 },
  ];
  const growth = growthOf(samples(from, from, to), NONE);
  expect(growth['jetstream.consumers']).toMatchObject({ bound: 4, ok: false });
  expect(growth['tasks.processes']?.ok).toBe(true);
  expect(growth['store.events']).toMatchObject({ bound: 6000, ok: true });
});

test('events that are kept for an hour are not growth of the engine that keeps them', () => {
  const from = { 'etcd.inUseMiB': 2, 'store.eventsKiB': 0 };
  const last = (events: number) =>
    growthOf(samples(from, from, { 'etcd.inUseMiB': 5, ...kept(events) }), NONE);
  const kept = (events: number) => ({ 'store.eventsKiB': events });
  expect(last(0)['etcd.inUseMiB']?.ok).toBe(false);
  expect(last(1024)['etcd.inUseMiB']?.ok).toBe(true);
});

test('a measure that says nothing, or was not taken, is not judged', () => {
  const all = samples({ 'server.rssMiB': 100 }, { 'server.rssMiB': 100 }, { 'server.rssMiB': 300 });
  expect(growthOf(all, new Set(['server.rssMiB']))).toEqual({});
});
