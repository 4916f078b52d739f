import type { StoreEvent } from '@gantry/core/contracts';
import { type Node, type Service, type Task, templateHash } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import {
  downTooSoon,
  endedUntold,
  endedWhileCut,
  nodesDown,
  stoppedWithoutReason,
} from './support/partition-laws.ts';
import { type Picture, unlike } from './support/picture.ts';
import type { Cut } from './support/schedule.ts';

const template = { env: { VERSION: 'v1' }, ports: [] } as unknown as Service['spec']['template'];
const hash = templateHash(template);

const service = (replicas: number, more: Partial<Service['status']> = {}): Service =>
  ({
    kind: 'service',
    meta: { name: 'web' },
    spec: { replicas, template },
    status: { running: replicas, ready: replicas, updated: replicas, ...more },
  }) as Service;

const task = (slot: number, node: string, more: Partial<Task['spec'] & Task['status']> = {}): Task => {
  const { desired = 'running', state = 'running', ready = true, pid = 100 + slot, template = hash } = more;
  return {
    kind: 'task',
    meta: { name: `web.${slot}.${node}` },
    spec: { service: 'web', slot: String(slot), template, node, desired },
    status: { state, ready, pid, since: 0 },
  } as Task;
};

const node = (name: string, state: 'ready' | 'down'): Node =>
  ({ kind: 'node', meta: { name }, status: { state, message: 'it was silent' } }) as Node;

/** Writes, the first at revision 1. */
const written = (...values: readonly (Service | Task | Node)[]): StoreEvent[] =>
  values.map((value, index) => ({ key: `${value.kind}s/${value.meta.name}`, value, revision: index + 1 }));

describe('an agent that is cut off', () => {
  const running = { node: 'a1', task: 'web.1.a1', pid: 101 };
  const events = written(service(1), task(1, 'a1'), task(1, 'a1', { desired: 'shutdown' }));

  test('may end tasks that it was asked to end before', () => {
    expect(endedWhileCut(events, { node: 'a1', revision: 3, before: [running], after: [] })).toEqual([]);
  });

  test('is caught ending tasks that it was asked to end only later', () => {
    const found = endedWhileCut(events, { node: 'a1', revision: 2, before: [running], after: [] });
    expect(found).toEqual(['web.1.a1 on a1: process 101 was ended while the agent was cut off']);
  });

  test('is caught if it restarts a task', () => {
    const after = [{ ...running, pid: 202 }];
    expect(endedWhileCut(events, { node: 'a1', revision: 2, before: [running], after })).toHaveLength(1);
  });

  test('is right to leave everything unchanged', () => {
    expect(endedWhileCut(events, { node: 'a1', revision: 2, before: [running], after: [running] })).toEqual(
      [],
    );
  });
});

describe('a task', () => {
  const stopped = task(1, 'a1', { desired: 'shutdown' });

  test('is caught if it is asked to stop while its node is up and its service wants it', () => {
    const events = written(service(1), node('a1', 'ready'), task(1, 'a1'), stopped);
    expect(stoppedWithoutReason(events, 3)).toHaveLength(1);
    expect(stoppedWithoutReason(events, 4)).toEqual([]);
  });

  test('is stopped for a reason when its node has been down since', () => {
    const events = written(service(1), node('a1', 'down'), task(1, 'a1'), node('a1', 'ready'), stopped);
    expect(stoppedWithoutReason(events, 1)).toEqual([]);
    expect(stoppedWithoutReason(events, 4)).toHaveLength(1);
  });

  test('is stopped for a reason when its slot, its template, or its place is no longer wanted', () => {
    expect(stoppedWithoutReason(written(task(1, 'a1'), service(0), stopped), 0)).toEqual([]);
    const other = { template: 'another' };
    const old = written(service(1), task(1, 'a1', other), task(1, 'a1', { ...other, desired: 'shutdown' }));
    expect(stoppedWithoutReason(old, 0)).toEqual([]);
    expect(stoppedWithoutReason(written(service(1), task(1, 'a1'), task(1, 'a2'), stopped), 0)).toEqual([]);
  });

  test('is caught if it ends without a request', () => {
    const failed = task(1, 'a1', { state: 'failed' });
    expect(endedUntold(written(service(1), failed), 0)).toHaveLength(1);
    expect(endedUntold(written(service(1), failed), 2)).toEqual([]);
    expect(endedUntold(written(task(1, 'a1', { state: 'shutdown' })), 0)).toHaveLength(1);
    expect(endedUntold(written(task(1, 'a1', { state: 'shutdown', desired: 'shutdown' })), 0)).toEqual([]);
  });
});

describe('a node', () => {
  const [up, down] = [node('a1', 'ready'), node('a1', 'down')];
  const downs = [{ node: 'a1', message: 'it was silent' }];

  test('is reported down once each time it goes down', () => {
    expect(nodesDown(written(up, down, down, up, down), 0)).toEqual([...downs, ...downs]);
    expect(nodesDown(written(up, down, down, up, down), 2)).toEqual(downs);
  });

  test('is caught if it is down after a single lost heartbeat', () => {
    const cut = (what: Cut['what'], index: number, forMs: number): Cut => {
      return { what, index, forMs, how: 'cut', afterMs: 0 };
    };
    const caught = (...cuts: Cut[]): number => downTooSoon(downs, cuts, ['a1', 'a2']).length;
    expect(caught(cut('leader-store', 0, 60_000))).toBe(1);
    expect(caught(cut('agent-nats', 1, 60_000))).toBe(1);
    expect(caught(cut('leader-nats', 0, 1000))).toBe(1);
    expect(caught(cut('leader-nats', 0, 1000), cut('agent-nats', 0, 1000))).toBe(0);
    expect(caught(cut('everyone-nats', 0, 6000))).toBe(0);
  });
});

describe('a settled cluster', () => {
  const wanted = [{ version: 'v1', replicas: 2 }];
  const rest: Picture = {
    revision: 9,
    service: service(2),
    tasks: [task(1, 'a1'), task(2, 'a2'), task(2, 'a1', { desired: 'shutdown', state: 'shutdown', pid: 1 })],
    nodes: [node('a1', 'ready'), node('a2', 'ready')],
    holder: 's1-x',
    processes: [
      { node: 'a1', task: 'web.1.a1', pid: 101 },
      { node: 'a2', task: 'web.2.a2', pid: 102 },
    ],
  };
  const looks = (change: Partial<Picture>): readonly string[] => unlike({ ...rest, ...change }, wanted, 2);

  test('differs in nothing', () => expect(looks({})).toEqual([]));

  test.each<[string, Partial<Picture>, RegExp]>([
    ['a write that was lost', { service: service(3) }, /stored as v1 with 3/],
    [
      'an update that was given up',
      { service: service(2, { update: { state: 'paused' } as never }) },
      /paused/,
    ],
    ['a count that is wrong', { service: service(2, { ready: 1 }) }, /1 ready/],
    ['no leader', { holder: '' }, /no leader/],
    ['a node that is down', { nodes: [node('a1', 'ready'), node('a2', 'down')] }, /1 of 2 nodes/],
    ['a slot that is empty', { tasks: [task(1, 'a1')] }, /there are 1 slots: 1/],
    ['a slot with two', { tasks: [...rest.tasks, task(2, 'a3')] }, /slot 2 has 2/],
    ['a slot too many', { tasks: [...rest.tasks, task(3, 'a2')] }, /there are 3 slots: 1, 2, 3/],
    ['a task that is not ready', { tasks: [task(1, 'a1', { ready: false }), task(2, 'a2')] }, /not ready/],
    ['a process that is missing', { processes: rest.processes.slice(1) }, /missing: web.1.a1/],
    [
      'a process that was left',
      { processes: [...rest.processes, { node: 'a1', task: 'web.9.a1', pid: 9 }] },
      /unknown/,
    ],
    [
      'a process that was replaced',
      { processes: rest.processes.map((each) => ({ ...each, pid: 1 })) },
      /unknown/,
    ],
  ])('is distinguished from one with %s', (_name, change, reason) => {
    expect(looks(change).join('\n')).toMatch(reason);
  });

  test('may be at any state whose answer was lost, and at no other', () => {
    const lost = { version: 'v2', replicas: 2 };
    expect(unlike(rest, [lost, ...wanted], 2)).toEqual([]);
    expect(unlike(rest, [lost], 2)).toEqual(['the service is stored as v1 with 2 replicas']);
  });
});
