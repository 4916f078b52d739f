import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import type { Scheduler } from '@gantry/core';
import type { NodeView, Plan, TaskGroup } from '@gantry/core/contracts';
import type { Case } from '../kit.ts';
import { objections } from './ledger.ts';
import { nodeView, randomRound, roundOf, taskGroup } from './rounds.ts';

const MI = 2 ** 20;
const GENERATED_ROUNDS = 200;
const MANY_TASKS = 10_000;

/** Places, and checks every law about placements. */
function place(scheduler: Scheduler, nodes: readonly NodeView[], groups: readonly TaskGroup[]): Plan {
  const round = roundOf(nodes, groups);
  const plan = scheduler.place(round);
  deepStrictEqual(objections(round, plan), []);
  return plan;
}

/** Number of placed tasks of each group. */
function counts(plan: Plan): readonly number[] {
  return plan.groups.map(({ nodes }) => nodes.length);
}

/** Cases about where tasks may be placed, and that they are. */
export const placementCases: readonly Case<Scheduler>[] = [
  {
    name: 'every group is answered once, in order, and no task twice',
    run(scheduler) {
      const nodes = [
        nodeView('node-1', { labels: { zone: 'a' } }),
        nodeView('node-2', { labels: { zone: 'b' } }),
      ];
      const groups = ['a', 'b', 'a'].map((zone, at) =>
        taskGroup(`service-${at}`, at + 1, { placement: { constraints: [`node.labels.zone == ${zone}`] } }),
      );
      const { groups: answers } = scheduler.place(roundOf(nodes, groups));
      deepStrictEqual(
        answers.map(({ nodes: names }) => names),
        [['node-1'], ['node-2', 'node-2'], ['node-1', 'node-1', 'node-1']],
      );
    },
  },
  {
    name: 'a node that is not schedulable gets nothing, whatever the word',
    run(scheduler) {
      const words = ['down', 'pause', 'drain', 'on-holiday'];
      const nodes = words.map((schedulable, at) => nodeView(`node-${at}`, { schedulable }));
      deepStrictEqual(counts(place(scheduler, nodes, [taskGroup('web', 3)])), [0]);
    },
  },
  {
    name: 'resources requested by running tasks are not given away again',
    run(scheduler) {
      const node = nodeView('node-1', {
        capacity: { cpu: 1000, memory: 1024 * MI },
        used: { memory: 512 * MI },
      });
      const group = taskGroup('web', 9, { requests: { cpu: 100, memory: 128 * MI } });
      deepStrictEqual(counts(place(scheduler, [node], [group])), [4]);
    },
  },
  {
    name: 'a node is never filled beyond its capacity by one group',
    run(scheduler) {
      const nodes = [1000, 1500, 900].map((cpu, at) =>
        nodeView(`node-${at}`, { capacity: { cpu, memory: 0 } }),
      );
      deepStrictEqual(
        counts(place(scheduler, nodes, [taskGroup('web', 20, { requests: { cpu: 300 } })])),
        [11],
      );
    },
  },
  {
    name: 'resources taken by earlier groups of the round are not given away again',
    run(scheduler) {
      const group = (service: string) => taskGroup(service, 3, { requests: { cpu: 1000 } });
      const nodes = [nodeView('node-1'), nodeView('node-2', { capacity: { cpu: 1000 } })];
      deepStrictEqual(counts(place(scheduler, nodes, [group('api'), group('web')])), [3, 2]);
    },
  },
  {
    name: 'a resource of any name is counted, and a node without it has none',
    run(scheduler) {
      const nodes = [nodeView('node-1'), nodeView('node-2', { capacity: { cpu: 4000, 'acme.com/gpu': 2 } })];
      const group = taskGroup('train', 5, { requests: { 'acme.com/gpu': 1 } });
      deepStrictEqual(place(scheduler, nodes, [group]).groups[0]?.nodes, ['node-2', 'node-2']);
    },
  },
  {
    name: 'a task without requests fits on a full node',
    run(scheduler) {
      const full = nodeView('node-1', { capacity: { cpu: 1000 }, used: { cpu: 1500 } });
      deepStrictEqual(counts(place(scheduler, [full], [taskGroup('web', 2, { requests: { cpu: 0 } })])), [2]);
    },
  },
  {
    name: 'all constraints hold: on labels, attributes and the name, == and !=',
    run(scheduler) {
      const nodes = [
        nodeView('node-1', { labels: { zone: 'a', disk: 'ssd' } }),
        nodeView('node-2', { labels: { zone: 'a', disk: 'hdd' } }),
        nodeView('node-3', { labels: { zone: 'b' }, attributes: { os: 'windows' } }),
        nodeView('node-4'),
      ];
      const where: Record<string, readonly string[]> = {
        'node-1': ['node.labels.zone == a', 'node.labels.disk != hdd'],
        'node-2': ['node.labels.disk == hdd'],
        'node-3': ['node.platform.os != linux'],
        'node-4': ['node.name == node-4'],
      };
      for (const [name, constraints] of Object.entries(where)) {
        const plan = place(scheduler, nodes, [taskGroup('web', 2, { placement: { constraints } })]);
        deepStrictEqual(plan.groups[0]?.nodes, [name, name], constraints.join(', '));
      }
    },
  },
  {
    name: 'a missing label differs from every value',
    run(scheduler) {
      const where = (constraint: string) => taskGroup('web', 1, { placement: { constraints: [constraint] } });
      const groups = [where('node.labels.zone != a'), where('node.labels.zone == a')];
      deepStrictEqual(counts(place(scheduler, [nodeView('node-1')], groups)), [1, 0]);
    },
  },
  {
    name: 'no node gets more tasks of a service than maxReplicasPerNode',
    run(scheduler) {
      const nodes = [
        nodeView('node-1', { tasks: 1, tasksOf: new Map([['web', 1]]) }),
        nodeView('node-2', { tasks: 5, tasksOf: new Map([['web', 5]]) }),
        nodeView('node-3', { tasks: 5, tasksOf: new Map([['api', 5]]) }),
      ];
      const group = taskGroup('web', 9, { placement: { maxReplicasPerNode: 2 } });
      deepStrictEqual(counts(place(scheduler, nodes, [group])), [3]);
    },
  },
  {
    name: 'maxReplicasPerNode counts the service, not the group',
    run(scheduler) {
      const group = (template: string) =>
        taskGroup('web', 3, { template, placement: { maxReplicasPerNode: 2 } });
      const nodes = [nodeView('node-1'), nodeView('node-2')];
      deepStrictEqual(counts(place(scheduler, nodes, [group('old'), group('new')])), [3, 1]);
    },
  },
  {
    name: 'a host port in use is not given out again',
    run(scheduler) {
      const nodes = [nodeView('node-1', { hostPorts: new Set(['tcp:80']) }), nodeView('node-2')];
      const groups = [taskGroup('web', 1, { hostPorts: ['tcp:80', 'tcp:443'] })];
      deepStrictEqual(place(scheduler, nodes, groups).groups[0]?.nodes, ['node-2']);
      deepStrictEqual(counts(place(scheduler, nodes, [taskGroup('dns', 3, { hostPorts: ['udp:80'] })])), [2]);
    },
  },
  {
    name: 'a host port given out in this round is in use',
    run(scheduler) {
      const nodes = [nodeView('node-1'), nodeView('node-2')];
      const group = (service: string) => taskGroup(service, 3, { hostPorts: ['tcp:80'] });
      deepStrictEqual(counts(place(scheduler, nodes, [group('web'), group('api')])), [2, 0]);
    },
  },
  {
    name: 'a task is left only when no node can take it',
    run(scheduler) {
      const nodes = Array.from({ length: 7 }, (_, at) =>
        nodeView(`node-${at}`, { capacity: { cpu: 700 * at, memory: 300 * MI * (7 - at) } }),
      );
      const group = taskGroup('web', 100, { requests: { cpu: 350, memory: 150 * MI } });
      deepStrictEqual(counts(place(scheduler, nodes, [group])), [24]);
    },
  },
  {
    name: 'a group that fits nowhere does not hold up the others',
    run(scheduler) {
      const huge = taskGroup('huge', 2, { requests: { cpu: 1_000_000 } });
      const plan = place(
        scheduler,
        [nodeView('node-1')],
        [huge, taskGroup('web', 2), huge, taskGroup('api', 1)],
      );
      deepStrictEqual(counts(plan), [0, 2, 0, 1]);
    },
  },
  {
    name: 'nothing to do is not an error: no groups, no tasks, no nodes',
    run(scheduler) {
      deepStrictEqual(scheduler.place(roundOf([nodeView('node-1')], [])), { groups: [] });
      deepStrictEqual(counts(place(scheduler, [nodeView('node-1')], [taskGroup('web', 0)])), [0]);
      deepStrictEqual(counts(place(scheduler, [], [taskGroup('web', 2), taskGroup('api', 0)])), [0, 0]);
    },
  },
  {
    name: 'every law holds on generated rounds',
    run(scheduler) {
      for (let seed = 1; seed <= GENERATED_ROUNDS; seed++) {
        const plan = scheduler.place(randomRound(seed));
        const round = randomRound(seed);
        strictEqual(plan.groups.length, round.groups.length, `seed ${seed}`);
        deepStrictEqual(objections(round, plan), [], `seed ${seed}`);
      }
    },
  },
  {
    name: 'ten thousand tasks are placed before patience ends',
    async run(scheduler, { until }) {
      const nodes = Array.from({ length: 100 }, (_, at) =>
        nodeView(`node-${at}`, { capacity: { cpu: 10_000 } }),
      );
      const groups = Array.from({ length: 10 }, (_, at) =>
        taskGroup(`service-${at}`, MANY_TASKS / 10, { requests: { cpu: 100 } }),
      );
      let plan: Plan | undefined;
      // The first check does the work and finds nothing, so the next one happens only if patience has not ended.
      await until(() => {
        if (plan !== undefined) return true;
        plan = scheduler.place(roundOf(nodes, groups));
        return false;
      }, `${MANY_TASKS} tasks to be placed`);
      ok(plan !== undefined);
      deepStrictEqual(counts(plan), Array(10).fill(MANY_TASKS / 10));
    },
  },
];
