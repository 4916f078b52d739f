import { isGantryError } from '@gantry/core';
import type { TaskGroup } from '@gantry/core/contracts';
import {
  type ClusterScorer,
  type ClusterState,
  type Filter,
  leastUsed,
  mostUsed,
  type NodeFilter,
  type NodeScorer,
  type NodeState,
  pipeline,
} from '@gantry/scheduling';
import { nodeView, roundOf, taskGroup } from '@gantry/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRound, nodesOf } from './support/rounds.ts';

const nodes = ['node-1', 'node-2', 'node-3'].map((name) => nodeView(name));

function place(
  filters: readonly Filter[],
  scorers: readonly (NodeScorer | ClusterScorer)[],
  ...groups: TaskGroup[]
) {
  return pipeline({ name: 'test', filters, scorers }).place(roundOf(nodes, groups)).groups;
}

const not = (name: string): NodeFilter => ({
  name: `not-${name}`,
  check: (_group, node) =>
    node.name === name ? { code: 'Unwanted', message: `${name} is unwanted`, miss: 1 } : undefined,
});

const like = (name: string, weight?: number): NodeScorer => ({
  name: `like-${name}`,
  weight,
  score: (_group, node) => (node.name === name ? 1 : 0),
});

test('a filter of one own is asked besides the stock ones, and its words are used', () => {
  const [plan] = place(
    [not('node-1'), not('node-2')],
    [leastUsed()],
    taskGroup('web', 3, { hostPorts: ['tcp:80'] }),
  );
  expect(plan?.nodes).toEqual(['node-3']);
  expect(plan?.explanation.filters).toEqual([
    expect.objectContaining({ filter: 'not-node-1', code: 'Unwanted', message: 'node-1 is unwanted' }),
    expect.objectContaining({
      filter: 'not-node-2',
      nearest: { node: 'node-2', message: 'node-2 is unwanted' },
    }),
    expect.objectContaining({ code: 'HostPortInUse', nodes: ['node-3'] }),
  ]);
  expect(plan?.explanation.summary).toContain('1 is rejected by not-node-1 (Unwanted)');
});

test('a filter with the name of a stock filter replaces it', () => {
  const group = taskGroup('web', 2, { requests: { cpu: 1_000_000 } });
  expect(place([], [leastUsed()], group)[0]?.nodes).toEqual([]);
  expect(place([{ name: 'resources', check: () => undefined }], [leastUsed()], group)[0]?.nodes).toHaveLength(
    2,
  );
});

test('a filter that only checks is asked once per group and node, and again where a task was placed', () => {
  const asked: string[] = [];
  const spy: NodeFilter = {
    name: 'spy',
    check(group, node) {
      asked.push(node.name);
      return node.tasksOf(group.service) < 2 ? undefined : { code: 'Two', message: 'two', miss: 1 };
    },
  };
  let before = 0;
  const describe = () => {
    before = asked.length;
    return '';
  };
  const [plan] = place([spy], [{ ...leastUsed(), describe }], taskGroup('web', 4));
  expect(before).toBe(nodes.length);
  expect(plan?.nodes).toHaveLength(4);
  // Three before, four after a placement, three for the explanation.
  expect(asked).toHaveLength(3 + 4 + 3);
});

test('a filter can limit a node by the tasks that the round has placed there', () => {
  const two: NodeFilter = {
    name: 'two',
    check: (group, node) =>
      node.tasksOf(group.service) < 2 ? undefined : { code: 'Two', message: 'two', miss: 1 },
  };
  for (const scorer of [leastUsed(), mostUsed()]) {
    const [plan] = place([two], [scorer], taskGroup('web', 100, { requests: { cpu: 1 } }));
    expect(plan?.nodes.toSorted()).toEqual(['node-1', 'node-1', 'node-2', 'node-2', 'node-3', 'node-3']);
    expect(plan?.explanation.summary).toBe(
      '6 of 100 tasks placed, then 0 of 3 nodes fit: 3 are rejected by two (Two)',
    );
  }
});

test('a filter can see how full a node is for its own group, also when the round is over', () => {
  const half: NodeFilter = {
    name: 'half',
    check: (_group, node) =>
      node.share(1) <= 0.5 ? undefined : { code: 'Half', message: 'half full', miss: 1 },
  };
  const [first, second] = place(
    [half],
    [mostUsed()],
    taskGroup('web', 9, { requests: { cpu: 1000 } }),
    taskGroup('api', 9, { requests: { memory: 2 ** 30 } }),
  );
  expect(first?.nodes).toHaveLength(6);
  expect(first?.explanation.filters).toMatchObject([{ code: 'Half', rejected: 3 }]);
  expect(second?.nodes).toHaveLength(6);
});

test('a filter that prepares is prepared once per group', () => {
  const prepared: string[] = [];
  const filter: Filter = {
    name: 'prepares',
    prepare(group) {
      prepared.push(group.service);
      return undefined;
    },
  };
  place([filter], [leastUsed()], taskGroup('web', 5), taskGroup('api', 5));
  expect(prepared).toEqual(['web', 'api']);
});

test('the sum of the weighted scores decides', () => {
  const one = taskGroup('web', 1);
  expect(place([], [like('node-1'), like('node-2', 2), like('node-3', 1.5)], one)[0]?.nodes).toEqual([
    'node-2',
  ]);
  expect(place([], [like('node-1', -1), like('node-2', -1)], one)[0]?.nodes).toEqual(['node-3']);
});

test('a scorer that does not apply to a group is not asked about it', () => {
  const scorer: NodeScorer = {
    ...like('node-2', 5),
    applies: ({ service }) => service === 'web',
  };
  const [web, api] = place([], [like('node-1'), scorer], taskGroup('web', 1), taskGroup('api', 1));
  expect(web?.nodes).toEqual(['node-2']);
  expect(api?.nodes).toEqual(['node-1']);
  expect(api?.explanation.ranking[0]?.scores.map(({ scorer: name }) => name)).toEqual(['like-node-1']);
});

test('rising scorers together are rising: many at once end up where one after the other would', () => {
  const tidy: NodeScorer = { name: 'tidy', trend: 'rising', score: (_group, node) => node.tasks };
  const { trend: _, ...plain } = tidy;
  const { trend: __, ...plainMost } = mostUsed();
  fc.assert(
    fc.property(anyRound, (make) => {
      const bulk = pipeline({ name: 'test', scorers: [mostUsed({ weight: 10 }), tidy] });
      const single = pipeline({ name: 'test', scorers: [{ ...plainMost, weight: 10 }, plain] });
      expect(nodesOf(bulk.place(make()))).toEqual(nodesOf(single.place(make())));
    }),
  );
});

test('a score that is not a number is blamed on its scorer and node', () => {
  const scorers = [like('node-1'), { name: 'divides', score: () => Number.NaN }];
  expect(() => place([], scorers, taskGroup('web', 1))).toThrow(
    expect.toSatisfy(
      (error) =>
        isGantryError(error, 'INTERNAL') &&
        /"divides" for node "node-\d" is not a number/.test(String(error)),
    ),
  );
  const opposites = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((score) => ({
    name: `${score}`,
    domain: () => '',
    score: () => score,
  }));
  expect(() => place([], opposites, taskGroup('web', 1))).toThrow(/the sum of the scores/);
});

test('any node will do if there is no scorer', () => {
  expect(place([], [], taskGroup('web', 30))[0]?.nodes).toHaveLength(30);
});

test('chance decides between equals, and every node has its turn', () => {
  const chosen = (seed: number) =>
    pipeline({ name: 'test', scorers: [] }).place(roundOf(nodes, [taskGroup('web', 1)], seed)).groups[0]
      ?.nodes[0];
  const all = Array.from({ length: 40 }, (_, seed) => chosen(seed));
  expect(new Set(all)).toEqual(new Set(['node-1', 'node-2', 'node-3']));
  expect(all).toEqual(Array.from({ length: 40 }, (_, seed) => chosen(seed)));
});

test('a cluster-looking scorer is asked once per domain and task', () => {
  const many = Array.from({ length: 200 }, (_, at) =>
    nodeView(`node-${at}`, { labels: { zone: `${at % 4}` } }),
  );
  let asked = 0;
  const zones: ClusterScorer = {
    name: 'zones',
    domain: (_group, node) => node.labels.zone ?? '',
    score(group, node, cluster) {
      asked++;
      return -cluster.tasksNear(group.service, node, 'node.labels.zone');
    },
  };
  const { nodes: names = [] } =
    pipeline({ name: 'test', scorers: [zones] }).place(roundOf(many, [taskGroup('web', 100)])).groups[0] ??
    {};
  expect(asked).toBeLessThanOrEqual(4 * (100 + 1) + 3);
  const zoneOf = (name: string) => many.find((node) => node.name === name)?.labels.zone;
  for (const zone of ['0', '1', '2', '3'])
    expect(names.filter((name) => zoneOf(name) === zone)).toHaveLength(25);
});

test('a cluster-looking scorer may rank every node individually', () => {
  const farFromLast: ClusterScorer = {
    name: 'follow',
    domain: (_group, node) => node.name,
    score: (_group, node, cluster) =>
      cluster.nodes.some((other) => other.name < node.name && other.tasks > node.tasks) ? 1 : 0,
  };
  const [plan] = place([], [like('node-1', 0.5), farFromLast], taskGroup('web', 3));
  expect(plan?.nodes).toEqual([
    'node-1',
    expect.stringMatching(/node-[23]/),
    expect.stringMatching(/node-[23]/),
  ]);
  expect(new Set(plan?.nodes).size).toBe(3);
});

test('a scorer sees nodes and cluster as the round has changed them so far', () => {
  fc.assert(
    fc.property(anyRound, (make) => {
      const services = ['api', 'web', 'worker'];
      const scan = (cluster: ClusterState, node: NodeState, service: string, field: 'zone' | 'none') =>
        cluster.nodes
          .filter((other) => other.labels[field] === node.labels[field])
          .reduce((sum, other) => sum + other.tasksOf(service), 0);
      const watch: ClusterScorer = {
        name: 'watch',
        domain: (_group, node) => node.labels.zone ?? '',
        score(_group, node, cluster) {
          for (const service of services) {
            expect(cluster.tasksNear(service, node, 'node.labels.zone')).toBe(
              scan(cluster, node, service, 'zone'),
            );
            expect(cluster.tasksNear(service, node, 'not a field')).toBe(
              scan(cluster, node, service, 'none'),
            );
            expect(cluster.tasksNear(service, node, 'node.name', 'node.labels.zone')).toBe(
              node.tasksOf(service),
            );
          }
          const sum = services.reduce((all, service) => all + node.tasksOf(service), 0);
          expect(node.tasks).toBe(sum);
          expect(cluster.nodes[node.index]).toBe(node);
          expect(cluster.resource('cpu').used[node.index]).toBe(node.used('cpu'));
          expect(cluster.resource('cpu').capacity[node.index]).toBe(node.capacity('cpu'));
          return -sum;
        },
      };
      pipeline({ name: 'test', scorers: [watch, leastUsed()] }).place(make());
    }),
    { numRuns: 60 },
  );
});

test('a resource that no group requests keeps its initial state', () => {
  const seen: number[] = [];
  const look: NodeScorer = {
    name: 'look',
    score(_group, node) {
      seen.push(node.used('gpu'), node.capacity('gpu'), node.used('tpu'), node.capacity('tpu'));
      return 0;
    },
  };
  const node = nodeView('node-1', { capacity: { gpu: 4 }, used: { gpu: 1 } });
  pipeline({ name: 'test', scorers: [look] }).place(roundOf([node], [taskGroup('web', 1)]));
  expect(seen.slice(0, 4)).toEqual([1, 4, 0, 0]);
});
