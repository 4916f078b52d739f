import { GantryError } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import type { LifecycleEvent } from '../src/lifecycle/lifecycle-event.ts';
import { hasReached, type LifecycleSetup, newLifecycle, STAGES } from '../src/lifecycle/lifecycle-state.ts';
import { next } from '../src/lifecycle/next.ts';
import { isTransient, retryDelayMs } from '../src/lifecycle/retry-delay.ts';

const need = (name: string) => ({
  name,
  checks: true,
  prepares: true,
  retryReason: 'NetworkUnavailable' as const,
});
const SETUP: LifecycleSetup = {
  needs: [need('network'), need('volume')],
  drainMs: 0,
  stopGraceMs: 1000,
  stopSignal: undefined,
  startupCheck: false,
  readinessCheck: false,
  livenessCheck: false,
};
const assigned: LifecycleEvent = {
  type: 'assigned',
  desired: 'running',
  refusal: undefined,
  adopted: undefined,
};

/** Feeds events, and returns the calls of each; every call that is pending succeeds in between. */
function callsOf(events: readonly LifecycleEvent[], setup = SETUP): readonly string[] {
  let state = newLifecycle('web.1.a', setup);
  const calls: string[] = [];
  const feed = (event: LifecycleEvent): void => {
    const after = next(state, event);
    state = after.state;
    for (const step of after.steps)
      if ('call' in step) calls.push('need' in step ? `${step.do} ${setup.needs[step.need]?.name}` : step.do);
  };
  for (const event of events) {
    feed(event);
    while (state.call !== undefined) feed({ type: 'succeeded', call: state.call.id });
  }
  return calls;
}

describe('the needs of a task', () => {
  test('are prepared in order before the start, and undone in reverse after the end', () => {
    expect(callsOf([assigned, { type: 'desired', desired: 'shutdown' }])).toEqual([
      'prepare network',
      'prepare volume',
      'ensure',
      'stop',
      'undo volume',
      'undo network',
    ]);
  });

  test('are checked in order before the turn of a task, and prepared when it has come', () => {
    const prepared: LifecycleEvent = { ...assigned, desired: 'prepared' };
    expect(callsOf([prepared])).toEqual(['check network', 'check volume']);
    expect(callsOf([prepared, { type: 'desired', desired: 'running' }]).slice(2)).toEqual([
      'prepare network',
      'prepare volume',
      'ensure',
    ]);
  });

  test('are undone as far as they may have been prepared when one of them is rejected', () => {
    let state = next(newLifecycle('web.1.a', SETUP), assigned).state;
    const error = new GantryError('CONFLICT', 'taken');
    state = next(state, { type: 'failed', call: state.call?.id ?? 0, error, now: 0 }).state;
    expect(state).toMatchObject({ stage: 'discarding', held: [0] });
    const { steps } = next(state, { type: 'succeeded', call: state.call?.id ?? 0 });
    expect(steps).toMatchObject([{ do: 'undo', need: 0 }]);
  });

  test('may be absent', () => {
    expect(callsOf([assigned], { ...SETUP, needs: [] })).toEqual(['ensure']);
  });
});

describe('a lifecycle', () => {
  test('ignores the result of a call that is no longer pending', () => {
    const { state } = next(newLifecycle('web.1.a', SETUP), assigned);
    expect(next(state, { type: 'succeeded', call: 99 })).toEqual({ state, steps: [] });
  });

  test('reaches its stages in their order', () => {
    for (const [index, stage] of STAGES.entries())
      for (const [other, each] of STAGES.entries()) expect(hasReached({ stage }, each)).toBe(index >= other);
  });
});

test('the delay between two attempts doubles from 200 ms to 10 s', () => {
  expect([1, 2, 3, 6, 7, 8, 1000].map(retryDelayMs)).toEqual([200, 400, 800, 6400, 10_000, 10_000, 10_000]);
});

test('only an engine that does not answer is worth another attempt', () => {
  const codes = ['UNAVAILABLE', 'TIMEOUT', 'CONFLICT', 'INVALID_OBJECT', 'INTERNAL'] as const;
  expect(codes.filter((code) => isTransient(new GantryError(code, 'x')))).toEqual(['UNAVAILABLE', 'TIMEOUT']);
});
