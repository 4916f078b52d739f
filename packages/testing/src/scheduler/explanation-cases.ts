import { deepStrictEqual, match, ok, strictEqual } from 'node:assert';
import type { Scheduler } from '@gantry/core';
import type { NodeView, TaskGroup } from '@gantry/core/contracts';
import type { Explanation, FilterResult } from '@gantry/core/model';
import type { Case } from '../kit.ts';
import { Ledger } from './ledger.ts';
import { nodeView, randomRound, roundOf, taskGroup } from './rounds.ts';

const MI = 2 ** 20;
const SEEDS = Array.from({ length: 50 }, (_, at) => 2000 + at);
const hungry = taskGroup('web', 1, { requests: { memory: 512 * MI } });

function explain(scheduler: Scheduler, nodes: readonly NodeView[], group: TaskGroup): Explanation {
  const { explanation } = scheduler.place(roundOf(nodes, [group])).groups[0] ?? {};
  ok(explanation !== undefined, 'the explanation is missing');
  return explanation;
}

function withFree(name: string, memory: number): NodeView {
  return nodeView(name, {
    capacity: { cpu: 4000, memory: 1024 * MI },
    used: { memory: (1024 - memory) * MI },
  });
}

/** The only reason. */
function onlyRefusal(scheduler: Scheduler, nodes: readonly NodeView[], group: TaskGroup): FilterResult {
  const { filters } = explain(scheduler, nodes, group);
  const [refusal] = filters;
  ok(refusal !== undefined && filters.length === 1, `expected one reason, got ${filters.length}`);
  return refusal;
}

/** Cases about the reasons that a plan gives. */
export const explanationCases: readonly Case<Scheduler>[] = [
  {
    name: 'the scheduler has a name, and signs with it',
    run(scheduler) {
      match(scheduler.name, /\S/);
      strictEqual(explain(scheduler, [nodeView('node-1')], taskGroup('web', 1)).scheduler, scheduler.name);
    },
  },
  {
    name: 'the figures agree with the plan',
    run(scheduler) {
      for (const seed of SEEDS) {
        const plan = scheduler.place(randomRound(seed));
        const { groups, nodes } = randomRound(seed);
        groups.forEach((group, at) => {
          const { explanation, nodes: placed = [] } = plan.groups[at] ?? {};
          strictEqual(explanation?.nodes, nodes.length, `nodes, seed ${seed}`);
          strictEqual(explanation.placed, placed.length, `placed, seed ${seed}`);
          strictEqual(explanation.unplaced, group.tasks.length - placed.length, `unplaced, seed ${seed}`);
        });
        const [first] = groups;
        if (first === undefined) continue;
        const { feasible } = explain(scheduler, nodes, first);
        strictEqual(feasible, new Ledger(nodes).open(first).length, `feasible, seed ${seed}`);
      }
    },
  },
  {
    name: 'a task that is left has a reason for every node',
    run(scheduler) {
      for (const seed of SEEDS) {
        for (const { explanation } of scheduler.place(randomRound(seed)).groups) {
          if (explanation.unplaced === 0) continue;
          const refused = explanation.filters.reduce((sum, { rejected }) => sum + rejected, 0);
          strictEqual(refused, explanation.nodes, `seed ${seed}`);
        }
      }
    },
  },
  {
    name: 'a reason has a code, a message and the first nodes; most nodes come first',
    run(scheduler) {
      const drained = nodeView('node-1', { schedulable: 'drain' });
      const nodes = [drained, ...Array.from({ length: 60 }, (_, at) => withFree(`small-${at}`, 64))];
      const { filters } = explain(scheduler, nodes, hungry);
      deepStrictEqual(
        filters.map(({ rejected }) => rejected),
        [60, 1],
      );
      for (const { filter, code, message, nodes: named } of filters) {
        match(filter, /\S/);
        match(code, /^[A-Z][A-Za-z0-9]+$/);
        match(message, /\S/);
        ok(named.length > 0 && named.length <= 20, `${named.length} nodes are named`);
      }
      deepStrictEqual(filters[1]?.nodes, ['node-1']);
    },
  },
  {
    name: 'the nearest miss is named, with by how much',
    run(scheduler) {
      const nodes = [withFree('far', 64), withFree('near', 384), withFree('middle', 256)];
      const { nearest } = onlyRefusal(scheduler, nodes, hungry);
      strictEqual(nearest?.node, 'near');
      match(nearest.message, /128|134217728/);
    },
  },
  {
    name: 'a rejection says what would make the task fit',
    run(scheduler) {
      match(onlyRefusal(scheduler, [withFree('node-1', 64)], hungry).remedy ?? '', /memory/);
      const inZone = taskGroup('web', 1, { placement: { constraints: ['node.labels.zone == a'] } });
      match(onlyRefusal(scheduler, [nodeView('node-1')], inZone).remedy ?? '', /zone/);
      match(
        onlyRefusal(scheduler, [nodeView('node-1', { schedulable: 'pause' })], hungry).remedy ?? '',
        /node-1/,
      );
    },
  },
  {
    name: 'equal reasons have equal codes, different ones different codes',
    run(scheduler) {
      const code = (node: NodeView, group: TaskGroup) => onlyRefusal(scheduler, [node], group).code;
      const plain = nodeView('node-1');
      const placed = (placement: Partial<TaskGroup['placement']>) => taskGroup('web', 1, { placement });
      const codes = [
        code(withFree('node-1', 64), hungry),
        code(plain, taskGroup('web', 1, { requests: { cpu: 9000 } })),
        code(plain, taskGroup('web', 1, { requests: { gpu: 1 } })),
        code(plain, placed({ constraints: ['node.labels.zone == a'] })),
        code(nodeView('node-1', { tasksOf: new Map([['web', 1]]) }), placed({ maxReplicasPerNode: 1 })),
        code(
          nodeView('node-1', { hostPorts: new Set(['tcp:80']) }),
          taskGroup('web', 1, { hostPorts: ['tcp:80'] }),
        ),
        code(nodeView('node-1', { schedulable: 'drain' }), hungry),
        code(nodeView('node-1', { schedulable: 'down' }), hungry),
      ];
      strictEqual(new Set(codes).size, codes.length, codes.join(', '));
      const other = taskGroup('api', 3, { requests: { memory: 2048 * MI } });
      strictEqual(code(withFree('other', 128), other), codes[0]);
    },
  },
  {
    name: 'the best nodes are ranked, with what each scorer said',
    run(scheduler) {
      const nodes = [nodeView('closed', { schedulable: 'drain' }), nodeView('node-1'), nodeView('node-2')];
      const { ranking } = explain(scheduler, nodes, taskGroup('web', 2, { requests: { cpu: 100 } }));
      ok(ranking.length > 0, 'nothing is ranked');
      strictEqual(new Set(ranking.map(({ node }) => node)).size, ranking.length);
      for (const { node, scores } of ranking) {
        ok(node === 'node-1' || node === 'node-2', `"${node}" is ranked`);
        ok(scores.length > 0, `"${node}" has no scores`);
        for (const { scorer, score } of scores) {
          match(scorer, /\S/);
          ok(Number.isFinite(score), `${scorer}: ${score}`);
        }
      }
    },
  },
  {
    name: 'everything is said in one sentence, whatever the outcome',
    run(scheduler) {
      for (const nodes of [[], [nodeView('node-1')], [withFree('node-1', 64)]]) {
        for (const tasks of [0, 1, 100]) {
          const { summary } = explain(
            scheduler,
            nodes,
            taskGroup('web', tasks, { requests: hungry.requests }),
          );
          match(summary, /\S/);
          ok(!summary.includes('\n'), 'it has several lines');
        }
      }
    },
  },
];
