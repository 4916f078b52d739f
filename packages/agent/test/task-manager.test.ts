import type { Network, Runtime } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import type { Assignment, PullReply } from '@gantry/core/protocol';
import { silentLogger, TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import type { Reporter } from '../src/reporter.ts';
import { TaskManager } from '../src/task-manager.ts';
import { EMPTY_REPLY } from './support/control-plane.ts';
import { TEMPLATE } from './support/runner-bed.ts';

function setUp(present: readonly RuntimeTask[] = []) {
  const clock = new TestClock();
  const calls: string[] = [];
  const runtime = {
    supports: { limits: {}, mounts: [], images: true },
    list: async () => present,
    ensure: async ({ task }: { task: string }) => {
      calls.push(`ensure ${task}`);
      return { task, id: task, state: 'running' };
    },
    stop: async (task: string) => void calls.push(`stop ${task}`),
    remove: async (task: string) => void calls.push(`remove ${task}`),
  } as unknown as Runtime;
  const network = {
    supports: { networks: true, protocols: ['tcp'] },
    attach: async () => ({ networks: [], ports: [], publish: [], env: {} }),
    detach: async (task: string) => void calls.push(`detach ${task}`),
  } as unknown as Network;
  const reporter = { put() {}, passing() {}, event() {}, forget() {} } as unknown as Reporter;
  const tasks = new TaskManager({
    node: 'n1',
    runtime,
    network,
    clock,
    logger: silentLogger,
    reporter,
    removalGraceMs: 0,
  });
  return { clock, calls, tasks };
}

const assigned = (name: string, more: Partial<Assignment> = {}): Assignment => ({
  name,
  service: 'web',
  slot: '1',
  template: 't',
  desired: 'running',
  drained: false,
  status: { state: 'assigned', since: 0, ready: false },
  ...more,
});
const reply = (assignments: readonly Assignment[], more: Partial<PullReply> = {}): PullReply => ({
  ...EMPTY_REPLY,
  templates: { t: TEMPLATE },
  assignments,
  ...more,
});

describe('the task manager', () => {
  test('starts a task once, however often it is assigned', async () => {
    const { clock, calls, tasks } = setUp();
    await tasks.apply(reply([assigned('a')]));
    await tasks.apply(reply([assigned('a')], { full: false }));
    await clock.advance(0);
    expect(calls).toEqual(['ensure a']);
    expect(tasks.runners.get('a')?.status.state).toBe('running');
  });

  test('removes what runs here and is not assigned, if the reply has all assignments', async () => {
    const leftover: RuntimeTask = { task: 'old', id: 'old', state: 'running' };
    const { clock, calls, tasks } = setUp([leftover]);
    await tasks.apply(reply([assigned('a')], { full: false }));
    expect(calls).toEqual([]);
    await tasks.apply(reply([assigned('a')]));
    await clock.advance(0);
    expect(calls.filter((call) => call.endsWith(' old'))).toEqual(['remove old', 'detach old']);
  });

  test('does not start a task that has ended, and removes it when it is forgotten or the agent closes', async () => {
    const { clock, calls, tasks } = setUp();
    const status = { state: 'failed', since: 0, ready: false } as const;
    await tasks.apply(reply([assigned('a', { status }), assigned('b', { status })]));
    tasks.forget(['a']);
    await clock.advance(0);
    expect(calls).toEqual(['remove a', 'detach a']);
    expect(await tasks.close()).toEqual([]);
    expect(calls.slice(2)).toEqual(['remove b']);
  });

  test('waits for the template of a task', async () => {
    const { clock, calls, tasks } = setUp();
    await tasks.apply(reply([assigned('a')], { templates: {} }));
    expect(tasks.runners.size).toBe(0);
    await tasks.apply(reply([assigned('a')], { full: false }));
    await clock.advance(0);
    expect(calls).toEqual(['ensure a']);
  });

  test('takes a running task that the runtime no longer has for one that has ended', async () => {
    const { clock, tasks } = setUp();
    await tasks.apply(reply([assigned('a')]));
    await clock.advance(0);
    tasks.onList([]);
    await clock.advance(0);
    expect(tasks.runners.get('a')?.status).toMatchObject({
      state: 'failed',
      message: 'removed from outside (unknown exit code)',
    });
  });

  test('leaves everything running when it abandons its tasks, and stops it when it closes', async () => {
    const { clock, calls, tasks } = setUp();
    await tasks.apply(reply([assigned('a')]));
    await clock.advance(0);
    expect(await tasks.destroyAll()).toEqual([]);
    expect(calls).toEqual(['ensure a', 'remove a', 'detach a']);
    await tasks.apply(reply([assigned('b')], { full: false }));
    await clock.advance(0);
    tasks.abandonAll();
    expect(calls.slice(3)).toEqual(['ensure b']);
  });
});
