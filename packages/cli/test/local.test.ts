import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Event, Node, Service } from '@gantry/core/model';
import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import { rolloutState } from '../src/cluster/rollout-state.ts';
import { usageBetween } from '../src/cluster/usage.ts';
import { renderView } from '../src/local/live-view.ts';
import { isAlive, startTicksOf } from '../src/local/state.ts';
import { orphans } from '../src/stack/deploy.ts';
import { Terminal } from './support/terminal.ts';

test('a process is alive until it has ended, and a pid that is used again is another process', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const pid = child.pid as number;
  const startTicks = await startTicksOf(pid);
  expect(await isAlive({ pid, startTicks })).toBe(true);
  expect(await isAlive({ pid, startTicks: '1' })).toBe(false);
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  expect(await isAlive({ pid, startTicks })).toBe(false);
});

const service = (status: object, more: object = {}): Service =>
  ({
    kind: 'service',
    meta: { name: 'web', generation: 2 },
    spec: { paused: false, mode: 'replicated', template: { command: [], ports: [], networks: [] } },
    status: {
      observedGeneration: 2,
      desired: 3,
      ready: 3,
      updated: 3,
      conditions: [],
      published: [],
      ...status,
    },
    ...more,
  }) as unknown as Service;
const update = (state: string, message = 'm') => ({ state, message, startedAt: 5, from: 'a', to: 'b' });

const progress = (state: string, message = '3 of 3 tasks are ready', reason = 'R') => ({
  progress: { state, reason, message, since: 1, best: 0, bestAt: 1, task: 'web.1.x' },
});

test.each([
  ['a change that was not observed', { observedGeneration: 1, ...progress('stable') }, 'waiting', 'observed'],
  ['a stable service', progress('stable'), 'done', '3 of 3'],
  [
    'a service that has completed',
    { completed: 3, ready: 0, updated: 0, ...progress('complete') },
    'done',
    '',
  ],
  [
    'tasks that are not ready',
    progress('progressing', '2 of 3; web.1: pulling'),
    'waiting',
    'web.1: pulling',
  ],
  [
    'a crash loop',
    progress('failed', 'web.1: exit code 3', 'CrashLoop'),
    'failed',
    'exit code 3 (CrashLoop)',
  ],
  ['an update in progress', { update: update('updating'), ...progress('progressing') }, 'waiting', ''],
  ['an update that is over', { update: update('completed'), ...progress('stable') }, 'done', ''],
  ['an update that was paused', { update: update('paused'), ...progress('failed') }, 'failed', 'paused: m'],
  [
    'a rollback in progress',
    { update: update('rollback-started'), ...progress('progressing') },
    'waiting',
    'rolling back',
  ],
  [
    'a rollback that still starts tasks',
    { update: update('rollback-completed'), ...progress('progressing') },
    'waiting',
    '',
  ],
  [
    'a rollback that is over',
    { update: update('rollback-completed'), ...progress('stable') },
    'failed',
    'rolled back',
  ],
  [
    'a rollback that was paused',
    { update: update('rollback-paused'), ...progress('failed') },
    'failed',
    'the rollback is paused',
  ],
  ['a paused rollout', { updated: 1, ...progress('stable') }, 'failed', 'gantry rollout resume'],
])('a rollout with %s', (_, status, phase, message) => {
  expect(rolloutState(service(status))).toMatchObject({ phase, message: expect.stringContaining(message) });
});

test('the outcome of an earlier update is not reported again', () => {
  const past = update('paused') as never;
  expect(rolloutState(service({ update: past, ...progress('stable') }), { update: past }).phase).toBe('done');
  expect(
    rolloutState(service({ update: { ...update('paused'), startedAt: 6 }, ...progress('failed') }), {
      update: past,
    }).phase,
  ).toBe('failed');
});

test.each([
  [
    'of an attempt that had ended before',
    'CrashLoop',
    ['web.1.x'],
    'waiting',
    'waiting for the next attempt; m',
  ],
  ['of a later attempt', 'CrashLoop', ['web.1.w'], 'failed', 'm (CrashLoop)'],
  ['of an update that is paused', 'UpdatePaused', ['web.1.x'], 'failed', 'm (UpdatePaused)'],
  ['without a further attempt', 'GaveUp', [], 'failed', 'm (GaveUp)'],
])('a failure %s', (_, reason, attempts, phase, message) => {
  expect(
    rolloutState(service(progress('failed', 'm', reason)), { attempts: new Set(attempts) }),
  ).toMatchObject({ phase, message });
});

test('usage is the rate between two samples; entries of only one sample are omitted', () => {
  const look = (task: string, time: number, cpuMs: number) => ({ task, node: 'a', time, cpuMs, memory: 10 });
  const first = [look('x', 1000, 100), look('gone', 1000, 0), look('again', 1000, 500)];
  const second = [look('x', 3000, 600), look('new', 3000, 5), look('again', 3000, 100)];
  expect(usageBetween(first, second)).toEqual([
    { task: 'x', node: 'a', cpu: 250, memory: 10 },
    { task: 'again', node: 'a', cpu: 0, memory: 10 },
  ]);
});

test('the view of a cluster fits its terminal, whatever is in it', () => {
  const many = Array.from({ length: 50 }, () =>
    service({}, { meta: { name: 'w'.repeat(60), generation: 2, createdAt: 0, labels: {} } }),
  );
  const node = { meta: { name: 'n' }, status: { state: 'ready' } } as unknown as Node;
  const event = {
    spec: { lastAt: 0, regarding: { kind: 'node', name: 'n' }, reason: 'R', message: 'm'.repeat(200) },
  } as unknown as Event;
  const data = {
    title: 't',
    nodes: [node],
    services: many,
    events: Array.from({ length: 20 }, () => event),
    now: 1000,
  };
  for (const colors of [picocolors.createColors(false), picocolors.createColors(true)]) {
    const view = renderView(data, colors, 24, 60);
    expect(view.length).toBeLessThan(24);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences
    for (const line of view) expect(line.replace(/\u001b\[\d+m/g, '').length).toBeLessThanOrEqual(60);
    expect(view.join('\n')).toContain('1 of 1 node is ready');
    expect(view.join('\n')).toMatch(/and \d+ more/);
  }
});

test('a member of a stack that is missing from its file is an orphan', () => {
  const object = (kind: string, name: string, namespace = 'default') =>
    ({ kind, meta: { name, namespace, labels: {} }, spec: { template: { networks: [] } } }) as never;
  const before = {
    services: [object('service', 'a'), object('service', 'b')],
    networks: [object('network', 'a')],
  };
  const left = orphans(before, { name: 's', objects: [{ kind: 'service', meta: { name: 'a' } } as never] });
  expect([left.services, left.networks]).toEqual([[before.services[1]], before.networks]);
});

test('doctor says what NATS and etcd are for', async () => {
  await using terminal = await Terminal.open();
  const { out } = await terminal.run('doctor');
  expect(out).toMatch(/nats-server/);
  expect(out).not.toMatch(/of no use|not there yet/);
  expect(out).toMatch(/several hosts|gantry server --nats URL/);
});
