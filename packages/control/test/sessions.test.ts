import type { AgentIdentity } from '@gantry/core/model';
import type { RegisterRequest } from '@gantry/core/protocol';
import { TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { Sessions } from '../src/dispatch/sessions.ts';

const TIMEOUT_MS = 6000;
const one: AgentIdentity = { host: 'h1', pid: 10, place: 'p1' };
const other: AgentIdentity = { host: 'h2', pid: 10, place: 'p2' };

const request = (
  session: string,
  agent?: AgentIdentity,
  more: Partial<RegisterRequest> = {},
): RegisterRequest => ({
  session,
  labels: {},
  capacity: {},
  attributes: {},
  agent,
  ...more,
});

describe('a second agent of a node', () => {
  test('is rejected while the first one is in contact, with the place of the first one and a hint', () => {
    const clock = new TestClock();
    const sessions = new Sessions(clock);
    sessions.open('n1', 's1', one);
    expect(() => sessions.check('n1', request('s2', other), TIMEOUT_MS)).toThrow(
      'node n1 is run by another agent: process 10 on host h1; stop that one, give this one another name with --node, or replace that one with --take-over',
    );
    expect(() => sessions.check('n1', request('s2', { ...one, pid: 11 }), TIMEOUT_MS)).toThrow(
      expect.objectContaining({ code: 'ALREADY_EXISTS', details: { node: 'n1', ...one, silentMs: 0 } }),
    );
    expect(sessions.touch('n1', 's1')).toBe(true);
  });

  test.each([
    ['is the same process', request('s2', one)],
    ['has the same session', request('s1', other)],
    ['takes over', request('s2', other, { takeOver: true })],
    ['does not say which process it is', request('s2')],
  ])('is taken if it %s', (_, second) => {
    const sessions = new Sessions(new TestClock());
    sessions.open('n1', 's1', one);
    expect(() => sessions.check('n1', second, TIMEOUT_MS)).not.toThrow();
  });

  test('is taken once the first one has been silent for the session timeout', async () => {
    const clock = new TestClock();
    const sessions = new Sessions(clock);
    sessions.open('n1', 's1', one);
    await clock.advance(TIMEOUT_MS - 1);
    expect(() => sessions.check('n1', request('s2', other), TIMEOUT_MS)).toThrow();
    await clock.advance(1);
    expect(() => sessions.check('n1', request('s2', other), TIMEOUT_MS)).not.toThrow();
  });
});

describe('a new leader', () => {
  test('rejects another agent than the one that the node names, until that one could have come', async () => {
    const clock = new TestClock();
    const sessions = new Sessions(clock);
    sessions.inherit('n1', 's1', one);
    expect(() => sessions.check('n1', request('s2', other), TIMEOUT_MS)).toThrow(
      expect.objectContaining({ code: 'ALREADY_EXISTS' }),
    );
    // It is not in contact before it has registered.
    expect(sessions.touch('n1', 's1')).toBe(false);
    expect(() => sessions.check('n1', request('s1', one), TIMEOUT_MS)).not.toThrow();
    await clock.advance(TIMEOUT_MS);
    expect(() => sessions.check('n1', request('s2', other), TIMEOUT_MS)).not.toThrow();
    sessions.open('n1', 's2', other);
    expect(sessions.touch('n1', 's2')).toBe(true);
  });
});
