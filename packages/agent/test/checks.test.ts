import type { Runtime } from '@gantry/core';
import type { ExecSession } from '@gantry/core/api';
import type { HealthCheck } from '@gantry/core/model';
import { TestClock } from '@gantry/testing';
import { expect, test } from 'vitest';
import { Checks } from '../src/checks.ts';

const check: HealthCheck = {
  exec: { command: ['check'] },
  intervalMs: 100,
  timeoutMs: 50,
  retries: 2,
  startPeriodMs: 0,
} as HealthCheck;

function setUp(names: readonly ('startup' | 'readiness' | 'liveness')[]) {
  const clock = new TestClock();
  const state = { exitCode: 1 };
  const runtime = {
    exec: async (): Promise<ExecSession> => ({
      output: (async function* () {})(),
      exitCode: Promise.resolve(state.exitCode),
      resize: async () => undefined,
    }),
  } as unknown as Runtime;
  const verdicts: string[] = [];
  const checks = new Checks({
    task: 'web.1.a',
    checks: { image: true, ...Object.fromEntries(names.map((name) => [name, check])) },
    runtime,
    clock,
    resolve: () => ({ address: '127.0.0.1', port: 1 }),
    onVerdict: (name, verdict) => void verdicts.push(`${name} ${verdict}`),
  });
  return { clock, state, checks, verdicts };
}

test('a startup check passes once, and is not repeated', async () => {
  const { clock, state, checks, verdicts } = setUp(['startup']);
  checks.startStartup();
  await clock.advance(50);
  expect(verdicts).toEqual([]);
  state.exitCode = 0;
  await clock.advance(200);
  state.exitCode = 1;
  await clock.advance(2000);
  expect(verdicts).toEqual(['startup passed']);
});

test('a check that never passes is failing, and fails for good after its retries', async () => {
  const { clock, checks, verdicts } = setUp(['startup']);
  checks.startStartup();
  await clock.advance(1000);
  expect(verdicts[0]).toBe('startup failing');
  expect(verdicts.filter((verdict) => verdict === 'startup failed')).toHaveLength(1);
});

test('readiness passes and fails in turn', async () => {
  const { clock, state, checks, verdicts } = setUp(['readiness']);
  state.exitCode = 0;
  checks.startOthers();
  await clock.advance(200);
  state.exitCode = 1;
  await clock.advance(500);
  state.exitCode = 0;
  await clock.advance(500);
  expect(verdicts.filter((verdict) => !verdict.endsWith('failing'))).toEqual([
    'readiness passed',
    'readiness failed',
    'readiness passed',
  ]);
});

test('no verdict follows a stop', async () => {
  const { clock, checks, verdicts } = setUp(['readiness', 'liveness']);
  checks.startOthers();
  checks.stop();
  await clock.advance(5000);
  expect(verdicts).toEqual([]);
});
