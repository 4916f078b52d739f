import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestClock } from '@gantry/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TaskCgroup } from '../src/cgroup.ts';
import { TaskDir } from '../src/task-dir.ts';
import { TaskProcess } from '../src/task-process.ts';

const NO_CGROUPS = {
  version: 2,
  cpu: undefined,
  memory: undefined,
  pids: undefined,
  home: new Map(),
} as const;
const record = {
  task: 'web.1.a',
  pid: 1,
  startTicks: -1, // of no process
  boot: 'another',
  startedAt: 0,
  stopSignal: 'SIGTERM',
  env: {},
  cwd: '/',
};

describe('a process that another program has started, and that is gone', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gantry-task-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const found = () => {
    const clock = new TestClock();
    const dir = new TaskDir(root, record.task);
    dir.create();
    const setup = {
      dir,
      cgroup: new TaskCgroup(NO_CGROUPS, 'none'),
      clock,
      logBytes: 4096,
      onEnd: () => undefined,
    };
    return { clock, dir, task: new TaskProcess(record, setup, undefined) };
  };

  test('has the exit code that its parent records, however often it was missed before', () => {
    const { clock, dir, task } = found();
    for (let look = 0; look < 5; look++) task.missed();
    expect(task.ended).toBe(false);
    dir.writeEnd({ finishedAt: clock.now(), exitCode: 143, signal: 'SIGTERM' });
    task.missed();
    expect(task.status()).toMatchObject({ state: 'exited', exitCode: 143, signal: 'SIGTERM' });
  });

  test('has ended with an unknown exit code once its parent had 100 ms to record it', async () => {
    const { clock, task } = found();
    task.missed();
    await clock.advance(99);
    task.missed();
    expect(task.ended).toBe(false);
    await clock.advance(1);
    task.missed();
    expect(task.status()).toMatchObject({ state: 'exited', reason: expect.stringContaining('unknown') });
  });
});
