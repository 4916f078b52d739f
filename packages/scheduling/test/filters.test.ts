import type { NodeView, TaskGroup } from '@gantry/core/contracts';
import type { FilterResult } from '@gantry/core/model';
import { leastUsed, pipeline, stockFilters } from '@gantry/scheduling';
import { nodeView, roundOf, taskGroup } from '@gantry/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WorkingState } from '../src/round/working-state.ts';
import { anyRound, MI } from './support/rounds.ts';

const scheduler = pipeline({ name: 'test', scorers: [leastUsed()] });

function refusals(nodes: readonly NodeView[], group: TaskGroup): readonly FilterResult[] {
  return scheduler.place(roundOf(nodes, [group])).groups[0]?.explanation.filters ?? [];
}

function refusal(node: NodeView, group: TaskGroup): FilterResult | undefined {
  const all = refusals([node], group);
  expect(all.length).toBeLessThanOrEqual(1);
  return all[0];
}

test('a filter has room for a node exactly where its check does not reject it', () => {
  fc.assert(
    fc.property(anyRound, (make) => {
      const { groups, ...round } = make();
      const state = new WorkingState({ ...round, groups });
      for (const group of groups) {
        state.begin(group);
        for (const filter of stockFilters) {
          const prepared = filter.prepare?.(group, state);
          for (const node of prepared === undefined ? [] : state.nodes) {
            const room = prepared?.room?.(node) ?? 0;
            expect(room > 0, `${filter.name} on ${node.name}`).toBe(prepared?.check(node) === undefined);
            expect(Number.isInteger(room) || room === Number.POSITIVE_INFINITY).toBe(true);
          }
        }
      }
    }),
  );
});

test('the room of a node is how many tasks it takes until the check rejects it', () => {
  fc.assert(
    fc.property(anyRound, (make) => {
      const round = make();
      for (const group of round.groups) {
        const state = new WorkingState(round);
        state.begin(group);
        for (const node of state.nodes) {
          const prepared = stockFilters.flatMap((filter) => filter.prepare?.(group, state) ?? []);
          const room = Math.min(...prepared.map((filter) => filter.room?.(node) ?? 0), 50);
          let taken = 0;
          while (taken < 50 && prepared.every((filter) => filter.check(node) === undefined)) {
            state.place(node.index, 1);
            taken++;
          }
          expect(taken).toBe(room);
        }
      }
    }),
    { numRuns: 50 },
  );
});

describe('schedulable', () => {
  test.each([
    ['down', 'NodeDown', 'node-1 is down', 'bring node-1 back'],
    ['pause', 'NodePaused', 'node-1 is paused', 'make node-1 active again'],
    ['drain', 'NodeDraining', 'node-1 is draining', 'make node-1 active again'],
    ['disk full', 'NodeDiskFull', 'node-1 is disk full', 'make node-1 ready'],
  ])('a node that is "%s" is rejected as %s', (schedulable, code, message, remedy) => {
    expect(refusal(nodeView('node-1', { schedulable }), taskGroup('web', 1))).toMatchObject({
      filter: 'schedulable',
      code,
      message,
      remedy,
    });
  });
});

describe('constraints', () => {
  const where = (...constraints: string[]) => taskGroup('web', 1, { placement: { constraints } });

  test.each([
    [['node.labels.zone == a'], true],
    [['node.labels.zone != a'], false],
    [['node.labels.zone == b'], false],
    [['node.labels.zone != b'], true],
    [['node.labels.disk == ssd'], false],
    [['node.labels.disk != ssd'], true],
    [['node.name == node-1', 'node.platform.os == linux'], true],
    [['node.hostname == other'], false],
    [['node.attributes.runtime == fake'], true],
    [['node.attributes.runtime != fake', 'node.labels.zone == a'], false],
  ])('%j holds: %s', (constraints, holds) => {
    const attributes = { os: 'linux', hostname: 'host-1', runtime: 'fake' };
    const node = nodeView('node-1', { labels: { zone: 'a' }, attributes });
    expect(refusal(node, where(...constraints)) === undefined).toBe(holds);
  });

  test('a mismatch says what the node has, and which label would match', () => {
    const group = where('node.labels.zone == a');
    expect(refusal(nodeView('node-1', { labels: { zone: 'b' } }), group)).toMatchObject({
      code: 'ConstraintMismatch',
      message: 'node-1 does not satisfy node.labels.zone == a (it is b)',
      remedy: 'label a node with zone=a',
    });
    expect(refusal(nodeView('node-1'), group)?.message).toBe(
      'node-1 does not satisfy node.labels.zone == a (it is not set)',
    );
  });

  test('a constraint that no label can satisfy asks for another node', () => {
    expect(
      refusal(nodeView('node-1', { labels: { zone: 'a' } }), where('node.labels.zone != a'))?.remedy,
    ).toBe('give a node another zone than a');
    expect(refusal(nodeView('node-1'), where('node.name == node-2'))?.remedy).toBe(
      'add or free a node named node-2, or drop the constraint node.name == node-2',
    );
    expect(refusal(nodeView('node-1'), where('node.platform.os != linux'))?.remedy).toBe(
      'add or free a node with os other than linux, or drop the constraint node.platform.os != linux',
    );
  });

  test('the nearest node is the one that misses the fewest constraints', () => {
    const nodes = [
      nodeView('node-1'),
      nodeView('node-2', { labels: { zone: 'a' } }),
      nodeView('node-3', { labels: { disk: 'hdd' } }),
    ];
    expect(refusals(nodes, where('node.labels.zone == a', 'node.labels.disk == ssd'))[0]).toMatchObject({
      rejected: 3,
      nearest: { node: 'node-2', message: 'does not satisfy node.labels.disk == ssd (it is not set)' },
      remedy: 'label a node with disk=ssd',
    });
  });

  test('a constraint that cannot be read is satisfied nowhere, and says where it is wrong', () => {
    expect(refusal(nodeView('node-1'), where('node.labels.zone = a'))).toMatchObject({
      code: 'ConstraintInvalid',
      message: expect.stringMatching(/"node.labels.zone = a" cannot be read: .* at position \d+/),
      remedy: 'correct the constraint "node.labels.zone = a"',
    });
  });
});

describe('resources', () => {
  const small = (name: string, free: number) =>
    nodeView(name, { capacity: { cpu: 4000, memory: 1024 * MI }, used: { memory: (1024 - free) * MI } });

  test('a shortage says which amount is free, which is missing and which would fit', () => {
    const group = taskGroup('web', 1, { requests: { cpu: 100, memory: 640 * MI } });
    expect(refusals([small('node-1', 128), small('node-2', 512)], group)).toEqual([
      {
        filter: 'resources',
        code: 'InsufficientMemory',
        rejected: 2,
        nodes: ['node-1', 'node-2'],
        message: 'node-1 has 128Mi of 1Gi memory free, a task asks for 640Mi',
        nearest: { node: 'node-2', message: 'lacks 128Mi memory' },
        remedy: 'lower the memory request to 512Mi, or free 128Mi memory on node-2',
      },
    ]);
  });

  test('no request is suggested where nothing is free', () => {
    const group = taskGroup('web', 1, { requests: { memory: 64 * MI } });
    expect(refusal(small('node-1', 0), group)?.remedy).toBe('free 64Mi memory on node-1');
  });

  test('a larger node is suggested where even the empty node is too small', () => {
    const group = taskGroup('web', 1, { requests: { cpu: 8000, memory: 64 * MI } });
    expect(refusal(nodeView('node-1'), group)?.remedy).toBe(
      'lower the cpu request to 4, or add a node with 8 cpu and 64Mi memory',
    );
  });

  test('the code is that of the resource that is missed by most', () => {
    const node = nodeView('node-1', { capacity: { cpu: 900, memory: 100 * MI } });
    const group = taskGroup('web', 1, { requests: { cpu: 1000, memory: 200 * MI } });
    expect(refusal(node, group)).toMatchObject({
      code: 'InsufficientMemory',
      nearest: { message: 'lacks 100m cpu and 100Mi memory' },
    });
  });

  test.each([
    ['cpu', 'InsufficientCpu'],
    ['gpu', 'InsufficientGpu'],
    ['acme.com/fast-disk', 'InsufficientAcmeComFastDisk'],
  ])('too little %s is %s', (resource, code) => {
    expect(refusal(nodeView('node-1'), taskGroup('web', 1, { requests: { [resource]: 9999 } }))?.code).toBe(
      code,
    );
  });

  test('a node that promised more than it has lacks all of it', () => {
    const node = nodeView('node-1', { capacity: { cpu: 1000 }, used: { cpu: 1500 } });
    expect(refusal(node, taskGroup('web', 1, { requests: { cpu: 100 } }))?.nearest?.message).toBe(
      'lacks 600m cpu',
    );
    expect(refusal(node, taskGroup('web', 1))).toBeUndefined();
  });
});

test('too many replicas on a node is said with both numbers', () => {
  const node = nodeView('node-1', { tasks: 3, tasksOf: new Map([['web', 3]]) });
  expect(refusal(node, taskGroup('web', 1, { placement: { maxReplicasPerNode: 2 } }))).toMatchObject({
    filter: 'max-replicas-per-node',
    code: 'MaxReplicasPerNode',
    message: 'node-1 has 3 tasks of web, at most 2 may be on a node',
    remedy: 'raise maxReplicasPerNode to 4, or add a node',
  });
});

test('host ports in use are named', () => {
  const node = nodeView('node-1', { hostPorts: new Set(['tcp:80', 'tcp:443']) });
  expect(refusal(node, taskGroup('web', 1, { hostPorts: ['tcp:80'] }))).toMatchObject({
    filter: 'host-ports',
    code: 'HostPortInUse',
    message: 'host port tcp:80 is in use on node-1',
    remedy: 'free tcp:80 on node-1, add a node, or publish it in ingress mode',
  });
  expect(refusal(node, taskGroup('web', 1, { hostPorts: ['tcp:80', 'tcp:443', 'udp:53'] }))).toMatchObject({
    message: 'host ports tcp:80 and tcp:443 are in use on node-1',
    nearest: { message: 'uses host ports tcp:80 and tcp:443' },
  });
});
