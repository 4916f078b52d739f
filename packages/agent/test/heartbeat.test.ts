import type { Bus } from '@gantry/core';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { expect, test } from 'vitest';
import { Heartbeat } from '../src/heartbeat.ts';
import { Rests } from '../src/rests.ts';
import { fails, ScriptedBus, SUBJECTS } from './support/control-plane.ts';

function setUp(answer: () => unknown = () => ({ revision: 7 })) {
  const clock = new TestClock();
  const stop = new AbortController();
  const bus = new ScriptedBus(answer);
  const seen = { revisions: [] as number[], lost: 0, resyncs: 0 };
  const heartbeat = new Heartbeat({
    node: 'n1',
    session: 's',
    bus: bus as unknown as Bus,
    dispatch: SUBJECTS.dispatch('n1'),
    clock,
    random: new SeededRandom(1),
    logger: silentLogger,
    rests: new Rests(clock),
    intervalMs: () => 1000,
    onRevision: (revision) => void seen.revisions.push(revision),
    onLost: () => void seen.lost++,
    resync: async () => void seen.resyncs++,
  });
  const ended = heartbeat.run(stop.signal);
  return { clock, bus, seen, stop, ended };
}

test('a heartbeat is sent in every interval, and reports the revision that the server has', async () => {
  const { clock, bus, seen, stop, ended } = setUp();
  await clock.advance(10_000);
  expect(bus.requests.length).toBeGreaterThanOrEqual(9);
  expect(bus.requests.length).toBeLessThanOrEqual(11);
  expect(bus.requests[0]).toEqual({
    subject: SUBJECTS.dispatch('n1').heartbeat,
    payload: { session: 's' },
  });
  expect(new Set(seen.revisions)).toEqual(new Set([7]));
  stop.abort();
  await ended;
});

test('the runtime is compared with the tasks every 30 s', async () => {
  const { clock, seen, stop, ended } = setUp();
  await clock.advance(95_000);
  expect(seen.resyncs).toBe(3);
  stop.abort();
  await ended;
});

test('an unknown session is reported, and a server that does not answer is asked again', async () => {
  const { clock, bus, seen, stop, ended } = setUp(() => fails('CONFLICT'));
  await clock.advance(1500);
  expect(seen.lost).toBe(1);
  bus.answer = () => fails('UNAVAILABLE');
  await clock.advance(3000);
  bus.answer = () => ({ revision: 8 });
  await clock.advance(1500);
  expect(seen.lost).toBe(1);
  expect(seen.revisions).toContain(8);
  stop.abort();
  await ended;
});

test('no heartbeat follows the end of the agent', async () => {
  const { clock, bus, stop, ended } = setUp();
  stop.abort();
  await ended;
  await clock.advance(10_000);
  expect(bus.requests).toEqual([]);
});
