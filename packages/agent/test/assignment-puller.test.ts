import type { Bus } from '@gantry/core';
import type { PullReply } from '@gantry/core/protocol';
import { silentLogger, TestClock } from '@gantry/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { AssignmentPuller } from '../src/assignment-puller.ts';
import { Rests } from '../src/rests.ts';
import { EMPTY_REPLY, fails, ScriptedBus, SUBJECTS } from './support/control-plane.ts';

let clock: TestClock;
let bus: ScriptedBus;
let replies: PullReply[];
let lost: number;
let registered: number;
let yielding: boolean;
let closed: AbortController;
let puller: AssignmentPuller;

beforeEach(() => {
  clock = new TestClock();
  replies = [];
  lost = 0;
  registered = 0;
  yielding = false;
  closed = new AbortController();
  let revision = 0;
  bus = new ScriptedBus(() => ({ ...EMPTY_REPLY, revision: ++revision }));
  puller = new AssignmentPuller({
    node: 'n1',
    session: 's',
    bus: bus as unknown as Bus,
    dispatch: SUBJECTS.dispatch('n1'),
    logger: silentLogger,
    rests: new Rests(clock),
    closed: closed.signal,
    isYielding: () => yielding,
    onReply: async (reply) => void replies.push(reply),
    onLost: () => void lost++,
    register: async () => void registered++,
  });
});

const asked = (): readonly unknown[] => bus.requests.map(({ payload }) => payload);

describe('the assignment puller', () => {
  test('asks for everything first, then for what follows the revision it has', async () => {
    await puller.pullFirst(closed.signal);
    puller.pull();
    await puller.idle();
    expect(asked()).toMatchObject([{ since: 0 }, { since: 1 }]);
    expect(replies).toHaveLength(2);
  });

  test('asks for everything again after a reset, even one during a pull', async () => {
    await puller.pullFirst(closed.signal);
    puller.pull();
    puller.reset();
    puller.pull();
    await puller.idle();
    await puller.idle();
    puller.pull();
    await puller.idle();
    expect(asked().map((payload) => (payload as { since: number }).since)).toContain(0);
    expect(asked().filter((payload) => (payload as { since: number }).since === 0).length).toBeGreaterThan(1);
  });

  test('pulls only for a revision that it does not have', async () => {
    await puller.pullFirst(closed.signal);
    puller.onRevision(1);
    await puller.idle();
    expect(bus.requests).toHaveLength(1);
    puller.onRevision(2);
    await puller.idle();
    expect(bus.requests).toHaveLength(2);
  });

  test('repeats a first pull until a server answers, and registers if its session is unknown', async () => {
    const { answer } = bus;
    bus.answer = () => fails('UNAVAILABLE');
    const first = puller.pullFirst(closed.signal);
    await clock.advance(50);
    bus.answer = () => fails('CONFLICT');
    await clock.advance(100);
    bus.answer = answer;
    await clock.advance(1000);
    await first;
    expect(registered).toBe(1);
    expect(replies).toHaveLength(1);
  });

  test('fails at once for an error that no later answer can change', async () => {
    bus.answer = () => fails('INTERNAL');
    await expect(puller.pullFirst(closed.signal)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('reports a session that is unknown, and keeps pulling with backoff', async () => {
    const { answer } = bus;
    bus.answer = () => fails('CONFLICT');
    puller.pull();
    await clock.advance(1000);
    expect(lost).toBeGreaterThan(1);
    bus.answer = answer;
    await clock.advance(5000);
    expect(replies).toHaveLength(1);
  });

  test('pulls nothing while another agent takes over, nor after the agent is closed', async () => {
    yielding = true;
    puller.pull();
    await puller.idle();
    yielding = false;
    closed.abort();
    puller.pull();
    await puller.idle();
    expect(bus.requests).toEqual([]);
  });
});
