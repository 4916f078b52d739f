import type { Scheduler } from '@gantry/core';
import type { Round } from '@gantry/core/contracts';
import { leastUsed, mostUsed, pipeline, spreadByField } from '@gantry/scheduling';
import { nodeView, roundOf, taskGroup } from '@gantry/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NodeScorer } from '../src/scorer.ts';
import { anyRound, canTake, count, nodesOf, shareOf, type Tally, tallies } from './support/rounds.ts';

/** Scores differ by rounding at most this much. */
const EPSILON = 1e-9;

/** The same scorer without its promise: it takes the general way. */
function unpromised({ trend: _, ...scorer }: NodeScorer): NodeScorer {
  return scorer;
}

function scheduler(...scorers: Parameters<typeof pipeline>[0]['scorers'][number][]): Scheduler {
  return pipeline({ name: 'test', scorers });
}

/** Replays a plan, and checks that each task went to a node of the best score among those that could take it. */
function expectGreedy(round: Round, by: Scheduler, score: (tally: Tally, at: number) => number): void {
  const plan = by.place(round);
  const nodes = tallies(round);
  round.groups.forEach((group, at) => {
    for (const name of plan.groups[at]?.nodes ?? []) {
      const chosen = nodes.get(name) as Tally;
      expect(canTake(chosen, group), `${group.service} on ${name}`).toBe(true);
      const best = Math.max(
        ...[...nodes.values()].filter((one) => canTake(one, group)).map((one) => score(one, at)),
      );
      expect(score(chosen, at), `${group.service} on ${name}`).toBeGreaterThanOrEqual(best - EPSILON);
      count(chosen, group);
    }
    const left = group.tasks.length - (plan.groups[at]?.nodes.length ?? 0);
    if (left > 0) expect([...nodes.values()].some((one) => canTake(one, group))).toBe(false);
  });
}

describe.each([
  ['least-used', leastUsed()],
  ['most-used', mostUsed()],
])('%s', (_, scorer) => {
  test('many at once end up where one after the other would', () => {
    fc.assert(
      fc.property(anyRound, (make) => {
        const [bulk, single] = [scheduler(scorer).place(make()), scheduler(unpromised(scorer)).place(make())];
        expect(nodesOf(bulk)).toEqual(nodesOf(single));
        const summaries = (plan: typeof bulk) => plan.groups.map(({ explanation }) => explanation);
        expect(summaries(bulk)).toEqual(summaries(single));
      }),
      { numRuns: 500 },
    );
  });

  test('the weight of a scorer that is alone changes nothing', () => {
    fc.assert(
      fc.property(anyRound, (make) => {
        const heavy = scheduler({ ...scorer, weight: 3.7 }).place(make());
        expect(nodesOf(heavy)).toEqual(nodesOf(scheduler(scorer).place(make())));
      }),
    );
  });
});

test('spread gives each task to the node with the fewest tasks of the service, then the fewest, then the emptiest', () => {
  fc.assert(
    fc.property(anyRound, (make) => {
      const round = make();
      expectGreedy(round, scheduler(unpromised(leastUsed())), (tally, at) => {
        const group = round.groups[at] as Round['groups'][number];
        const own = tally.tasksOf.get(group.service) ?? 0;
        return -(own + (tally.tasks + shareOf(tally, group, 0) / 2) / 2 ** 20);
      });
    }),
    { numRuns: 300 },
  );
});

test('bin-pack gives each task to the node it leaves fullest', () => {
  fc.assert(
    fc.property(anyRound, (make) => {
      const round = make();
      for (const one of [mostUsed(), unpromised(mostUsed())]) {
        expectGreedy(make(), scheduler(one), (tally, at) =>
          shareOf(tally, round.groups[at] as Round['groups'][number], 1),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('spread over a field goes to the value with the fewest tasks that still has room', () => {
  fc.assert(
    fc.property(anyRound, (make) => {
      const spreading = (round: Round): Round => ({
        ...round,
        groups: round.groups.map((group) => ({
          ...group,
          placement: { ...group.placement, preferences: [{ spread: 'node.labels.zone' }] },
        })),
      });
      const round = spreading(make());
      const nodes = tallies(round);
      const plan = scheduler(spreadByField(), leastUsed()).place(round);
      round.groups.forEach((group, at) => {
        const inZone = ({ view }: Tally) =>
          [...nodes.values()]
            .filter((other) => other.view.labels.zone === view.labels.zone)
            .reduce((sum, other) => sum + (other.tasksOf.get(group.service) ?? 0), 0);
        for (const name of plan.groups[at]?.nodes ?? []) {
          const chosen = nodes.get(name) as Tally;
          const open = [...nodes.values()].filter((one) => canTake(one, group));
          expect(inZone(chosen)).toBe(Math.min(...open.map(inZone)));
          count(chosen, group);
        }
      });
    }),
    { numRuns: 300 },
  );
});

test('spread keeps equally eligible nodes within one task of each other', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 100 }),
      fc.nat(),
      (nodes, tasks, seed) => {
        const views = Array.from({ length: nodes }, (_, at) => nodeView(`node-${at}`));
        const { groups } = scheduler(leastUsed()).place(roundOf(views, [taskGroup('web', tasks)], seed));
        const counts = views.map(({ name }) => groups[0]?.nodes.filter((one) => one === name).length ?? 0);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('the first tasks of a group are as even as all of them: any prefix is within one', () => {
  const views = Array.from({ length: 7 }, (_, at) => nodeView(`node-${at}`));
  const nodes = scheduler(leastUsed()).place(roundOf(views, [taskGroup('web', 100)])).groups[0]?.nodes ?? [];
  for (let length = 1; length <= nodes.length; length++) {
    const counts = views.map(({ name }) => nodes.slice(0, length).filter((one) => one === name).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

test('bin-pack leaves whole nodes free', () => {
  const views = Array.from({ length: 10 }, (_, at) => nodeView(`node-${at}`, { capacity: { cpu: 1000 } }));
  const group = (service: string) => taskGroup(service, 15, { requests: { cpu: 100 } });
  const { groups } = scheduler(mostUsed()).place(roundOf(views, [group('web'), group('api')]));
  expect(new Set(groups.flatMap(({ nodes }) => nodes)).size).toBe(3);
});

test('bin-pack stacks tasks that ask for nothing', () => {
  const views = Array.from({ length: 5 }, (_, at) => nodeView(`node-${at}`));
  const { groups } = scheduler(mostUsed()).place(roundOf(views, [taskGroup('web', 9), taskGroup('api', 9)]));
  expect(new Set(groups.flatMap(({ nodes }) => nodes)).size).toBe(1);
});

test('preferences nest: racks are even within a zone, zones whatever their racks', () => {
  const racks = ['a1', 'a2', 'a3', 'b1'];
  const views = racks.flatMap((rack) =>
    [1, 2].map((at) => nodeView(`${rack}-${at}`, { labels: { zone: rack.slice(0, 1), rack } })),
  );
  const preferences = [{ spread: 'node.labels.zone' }, { spread: 'node.labels.rack' }];
  const group = taskGroup('web', 12, { placement: { preferences } });
  const { nodes = [] } =
    scheduler(spreadByField(), leastUsed()).place(roundOf(views, [group])).groups[0] ?? {};
  const inRack = racks.map((rack) => nodes.filter((name) => name.startsWith(rack)).length);
  expect(inRack).toEqual([2, 2, 2, 6]);
});
