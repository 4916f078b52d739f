import type { NodeView, TaskGroup } from '@gantry/core/contracts';
import type { Explanation } from '@gantry/core/model';
import { leastUsed, mostUsed, pipeline, spreadByField } from '@gantry/scheduling';
import { nodeView, roundOf, taskGroup } from '@gantry/testing';
import { expect, test } from 'vitest';
import { MI } from './support/rounds.ts';

const spread = pipeline({ name: 'spread', scorers: [spreadByField(), leastUsed()] });

function explain(nodes: readonly NodeView[], ...groups: readonly TaskGroup[]): readonly Explanation[] {
  return spread.place(roundOf(nodes, groups)).groups.map(({ explanation }) => explanation);
}

function withFree(name: string, free: number): NodeView {
  return nodeView(name, { capacity: { cpu: 4000, memory: 1024 * MI }, used: { memory: (1024 - free) * MI } });
}

const hungry = (count: number) => taskGroup('web', count, { requests: { memory: 512 * MI } });

test('a group that fits nowhere is explained in one sentence, with the nearest miss', () => {
  const nodes = [
    nodeView('node-1', { schedulable: 'drain' }),
    withFree('node-2', 384),
    withFree('node-3', 128),
  ];
  expect(explain(nodes, hungry(1))[0]?.summary).toBe(
    '0 of 3 nodes fit: 2 have too little memory (nearest: node-2 lacks 128Mi memory), 1 is draining',
  );
});

test('a group that fits in part says how far it got', () => {
  expect(explain([withFree('node-1', 1024), withFree('node-2', 640)], hungry(5))[0]).toMatchObject({
    scheduler: 'spread',
    nodes: 2,
    feasible: 2,
    placed: 3,
    unplaced: 2,
    summary:
      '3 of 5 tasks placed, then 0 of 2 nodes fit: 2 have too little memory (nearest: node-2 lacks 384Mi memory)',
  });
});

test('a placed group says on how many nodes', () => {
  const nodes = [nodeView('node-1'), nodeView('node-2'), nodeView('node-3', { schedulable: 'down' })];
  expect(explain(nodes, taskGroup('web', 5))[0]?.summary).toBe('5 tasks placed on 2 nodes; 2 of 3 nodes fit');
  expect(explain(nodes, taskGroup('web', 1))[0]?.summary).toBe('1 task placed on 1 node; 2 of 3 nodes fit');
});

test('an empty group and an empty cluster are explained as such', () => {
  expect(explain([nodeView('node-1')], taskGroup('web', 0))[0]).toMatchObject({
    summary: 'no tasks to place',
    feasible: 1,
  });
  expect(explain([], taskGroup('web', 2))[0]).toMatchObject({
    summary: 'there are no nodes',
    nodes: 0,
    feasible: 0,
    unplaced: 2,
    filters: [],
    ranking: [],
  });
});

test('the first five of many nodes are named, in the order of the round', () => {
  const nodes = Array.from({ length: 40 }, (_, at) => withFree(`node-${at}`, 64));
  expect(explain(nodes, hungry(1))[0]?.filters).toMatchObject([
    { rejected: 40, nodes: ['node-0', 'node-1', 'node-2', 'node-3', 'node-4'], nearest: { node: 'node-0' } },
  ]);
});

test('a node counts once, for the first filter that rejects it', () => {
  const group = taskGroup('web', 1, {
    requests: { cpu: 9000 },
    placement: { constraints: ['node.labels.zone == a'] },
  });
  const down = nodeView('node-1', { schedulable: 'down' });
  expect(explain([down, nodeView('node-2')], group)[0]?.filters.map(({ code }) => code)).toEqual([
    'NodeDown',
    'ConstraintMismatch',
  ]);
});

test('one filter can give several reasons, those of most nodes first', () => {
  const group = taskGroup('web', 1, { requests: { cpu: 1000, memory: 512 * MI } });
  const noCpu = (name: string) => nodeView(name, { capacity: { cpu: 10, memory: 4096 * MI } });
  const { filters = [], summary } =
    explain([withFree('node-1', 64), noCpu('node-2'), noCpu('node-3')], group)[0] ?? {};
  expect(filters.map(({ code, rejected }) => [code, rejected])).toEqual([
    ['InsufficientCpu', 2],
    ['InsufficientMemory', 1],
  ]);
  expect(summary).toBe(
    '0 of 3 nodes fit: 2 have too little cpu (nearest: node-2 lacks 990m cpu), ' +
      '1 has too little memory (nearest: node-1 lacks 448Mi memory)',
  );
});

test('the reasons are those at the end of the round, also for a group that came first', () => {
  const first = taskGroup('web', 1, { requests: { cpu: 1000 } });
  const second = taskGroup('api', 1, { requests: { cpu: 3000 } });
  const [web, api] = explain([nodeView('node-1')], first, second);
  expect(web).toMatchObject({
    feasible: 1,
    unplaced: 0,
    filters: [{ code: 'InsufficientCpu', rejected: 1 }],
  });
  expect(api).toMatchObject({ feasible: 1, unplaced: 0 });
});

test('the ranking is as the first task found it: three nodes with what every scorer that applies said', () => {
  const nodes = [
    nodeView('node-1', { tasks: 2, tasksOf: new Map([['web', 2]]), used: { cpu: 1000 } }),
    nodeView('node-2', { tasks: 3, tasksOf: new Map([['web', 1]]) }),
    nodeView('node-3', { tasks: 9, tasksOf: new Map([['api', 9]]) }),
    nodeView('node-4', { tasks: 5, tasksOf: new Map([['web', 5]]) }),
  ];
  const group = taskGroup('web', 8, { requests: { cpu: 100 } });
  const { ranking = [] } = explain(nodes, group)[0] ?? {};
  expect(ranking.map(({ node }) => node)).toEqual(['node-3', 'node-2', 'node-1']);
  expect(ranking[2]?.scores).toEqual([
    { scorer: 'least-used', score: expect.closeTo(-2, 3), message: '2 tasks of web, 2 in all, 25 % used' },
  ]);
  const preferring = {
    ...group,
    placement: { ...group.placement, preferences: [{ spread: 'node.labels.zone' }] },
  };
  expect(explain(nodes, preferring)[0]?.ranking[0]?.scores.map(({ message }) => message)).toEqual([
    '8 tasks in its node.labels.zone',
    '0 tasks of web, 9 in all, 0 % used',
  ]);
});

test('bin-pack says how full the node would be', () => {
  const binpack = pipeline({ name: 'binpack', scorers: [mostUsed()] });
  const round = roundOf(
    [nodeView('node-1', { tasks: 1 })],
    [taskGroup('web', 1, { requests: { cpu: 1000 } })],
  );
  expect(binpack.place(round).groups[0]?.explanation.ranking[0]?.scores).toEqual([
    {
      scorer: 'most-used',
      score: expect.closeTo(0.25, 6),
      message: '25 % used with the task, 1 task so far',
    },
  ]);
});
