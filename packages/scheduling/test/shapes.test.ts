import type { Round } from '@gantry/core/contracts';
import { leastUsed, mostUsed, type NodeFilter, type NodeScorer, pipeline } from '@gantry/scheduling';
import { nodeView, roundOf, SeededRandom, taskGroup } from '@gantry/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const services = Array.from({ length: 8 }, (_, index) => `service-${index}`);

const node = fc.record({
  zone: fc.constantFrom('a', 'b'),
  schedulable: fc.constantFrom<true | string>(true, true, true, true, 'drain'),
  cpu: fc.integer({ min: 0, max: 6 }),
  used: fc.integer({ min: 0, max: 3 }),
  tasksOf: fc.dictionary(fc.constantFrom(...services), fc.integer({ min: 1, max: 2 }), { maxKeys: 2 }),
  port: fc.boolean(),
});

/** Small groups of few shapes, some of a service that has tasks already, with a large one among them now and then. */
const group = fc.record({
  service: fc.constantFrom(...services),
  count: fc.constantFrom(0, 1, 1, 1, 2, 2, 30),
  cpu: fc.constantFrom(0, 1, 1, 2),
  constraint: fc.constantFrom([], [], ['node.labels.zone == a']),
  max: fc.constantFrom(0, 0, 0, 1),
  port: fc.constantFrom([], [], ['tcp:80']),
  prefers: fc.constantFrom([], [], [], [{ spread: 'node.labels.zone' }]),
});

/** Makes equal rounds, each with its chance at the start. */
const anyRound = fc
  .record({
    nodes: fc.array(node, { minLength: 20, maxLength: 40 }),
    groups: fc.array(group, { minLength: 5, maxLength: 40 }),
    seed: fc.nat(),
  })
  .map(
    ({ nodes, groups, seed }) =>
      (): Round => ({
        nodes: nodes.map(({ zone, schedulable, cpu, used, tasksOf, port }, at) =>
          nodeView(`node-${at}`, {
            labels: { zone },
            schedulable,
            capacity: { cpu: cpu * 500 },
            used: { cpu: used * 250 },
            tasks: Object.values(tasksOf).reduce((sum, count) => sum + count, 0),
            tasksOf: new Map(Object.entries(tasksOf)),
            hostPorts: new Set(port ? ['tcp:80'] : []),
          }),
        ),
        groups: groups.map(({ service, count, cpu, constraint, max, port, prefers }, at) => ({
          ...taskGroup(service, count, {
            requests: { cpu: cpu * 250 },
            hostPorts: port,
            placement: { constraints: constraint, maxReplicasPerNode: max, preferences: prefers },
          }),
          template: `template-${at}`,
        })),
        random: new SeededRandom(seed),
      }),
  );

const crowded: NodeFilter = {
  name: 'crowded',
  shape: () => '',
  check: (_group, { tasks, name }) =>
    tasks < 4 ? undefined : { code: 'Crowded', message: `${name} is crowded`, miss: tasks },
};

/** The same without its promise: each group is asked about every node. */
const alone = <T extends NodeFilter | NodeScorer>(part: T): T => ({ ...part, shape: undefined });

describe('groups of one shape', () => {
  test.each([
    ['least-used', leastUsed()],
    ['most-used', mostUsed()],
  ])('are placed and explained as if each was asked about every node: %s', (_, scorer) => {
    fc.assert(
      fc.property(anyRound, (make) => {
        for (const filters of [[], [crowded]]) {
          const together = pipeline({ name: 'test', filters, scorers: [scorer] }).place(make());
          const apart = pipeline({ name: 'test', filters: filters.map(alone), scorers: [alone(scorer)] });
          expect(together).toEqual(apart.place(make()));
        }
      }),
      { numRuns: 150 },
    );
  });

  test('cost as much as they have tasks, not as much as there are nodes', () => {
    const [nodes, groups] = [200, 500];
    let scored = 0;
    const scorer: NodeScorer = {
      ...leastUsed(),
      score: (...asked) => {
        scored++;
        return leastUsed().score(...asked);
      },
    };
    const views = Array.from({ length: nodes }, (_, at) => nodeView(`node-${at}`));
    const some = Array.from({ length: groups }, (_, at) => taskGroup(`s-${at}`, 1));
    const plan = pipeline({ name: 'test', scorers: [scorer] }).place(roundOf(views, some));
    expect(plan.groups.every((each) => each.nodes.length === 1)).toBe(true);
    // Each node once, then for each task: its node before and after, and three for the words of its ranking.
    expect(scored).toBeLessThanOrEqual(nodes + groups * 6);
  });

  test('are placed right however many shapes there are, and however much has changed since the last of them', () => {
    const views = Array.from({ length: 20 }, (_, at) => nodeView(`node-${at}`));
    const shapes = Array.from({ length: 100 }, (_, at) => ({ requests: { cpu: at } }));
    const some = [...shapes, ...shapes].map((parts, at) => taskGroup(`s-${at}`, 1, parts));
    const together = pipeline({ name: 'test', scorers: [leastUsed()] }).place(roundOf(views, some));
    const apart = pipeline({ name: 'test', scorers: [alone(leastUsed())] });
    expect(together).toEqual(apart.place(roundOf(views, some)));
  });
});
