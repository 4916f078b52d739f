import { GantryError } from '@gantry/core';
import { TestClock } from '@gantry/testing';
import { expect, test } from 'vitest';
import { agentIdentity, Contest } from '../src/contest.ts';

const self = { host: 'h1', pid: 10, place: 'p1' };
const rejection = (place: string, pid: number, silentMs: number): GantryError =>
  new GantryError('ALREADY_EXISTS', 'taken', { details: { host: 'h', place, pid, silentMs } });

test('the node of a process of this machine that has ended is taken immediately', () => {
  const alive = new Set([11]);
  const contest = new Contest(self, new TestClock(), (pid) => alive.has(pid));
  expect(contest.judge(rejection('p1', 11, 100))).toBe('lost');
  expect(contest.judge(rejection('p1', 12, 100))).toBe('won');
});

test('an agent waits for another one until that is in contact again', async () => {
  const clock = new TestClock();
  const contest = new Contest(self, clock);
  expect(contest.judge(rejection('p2', 11, 900))).toBe('wait');
  await clock.advance(3000);
  expect(contest.judge(rejection('p2', 11, 3900))).toBe('wait');
  await clock.advance(1000);
  expect(contest.judge(rejection('p2', 11, 500))).toBe('lost');
});

test('processes of one machine have the same place', () => {
  expect(agentIdentity()).toEqual(agentIdentity());
  expect(agentIdentity().pid).toBe(process.pid);
});
