import type { NodeView, Plan, Round, TaskGroup } from '@gantry/core/contracts';
import { nodeView, SeededRandom, taskGroup } from '@gantry/testing';
import fc from 'fast-check';

export const MI = 2 ** 20;

const services = ['api', 'web', 'worker'] as const;

const node = fc
  .record({
    zone: fc.constantFrom('a', 'b', 'c', undefined),
    schedulable: fc.constantFrom<true | string>(true, true, true, 'drain'),
    cpu: fc.integer({ min: 0, max: 8 }),
    memory: fc.integer({ min: 0, max: 8 }),
    gpu: fc.integer({ min: 0, max: 2 }),
    used: fc.integer({ min: 0, max: 3 }),
    tasksOf: fc.dictionary(fc.constantFrom(...services), fc.integer({ min: 1, max: 4 })),
    port: fc.boolean(),
  })
  .map(
    ({ zone, schedulable, cpu, memory, gpu, used, tasksOf, port }): Partial<NodeView> => ({
      labels: zone === undefined ? {} : { zone },
      schedulable,
      capacity: { cpu: cpu * 500, memory: memory * 256 * MI, gpu },
      used: { cpu: used * 250, memory: used * 128 * MI },
      tasks: Object.values(tasksOf).reduce((sum, count) => sum + count, 0),
      tasksOf: new Map(Object.entries(tasksOf)),
      hostPorts: new Set(port ? ['tcp:80'] : []),
    }),
  );

const group = fc
  .record({
    service: fc.constantFrom(...services),
    count: fc.integer({ min: 0, max: 25 }),
    cpu: fc.integer({ min: 0, max: 6 }),
    memory: fc.integer({ min: 0, max: 6 }),
    gpu: fc.constantFrom(0, 0, 0, 1),
    constraint: fc.constantFrom([], [], ['node.labels.zone == a'], ['node.labels.zone != b']),
    max: fc.constantFrom(0, 0, 1, 3),
    port: fc.constantFrom([], [], [], ['tcp:80']),
    prefers: fc.constantFrom([], [], [{ spread: 'node.labels.zone' }]),
  })
  .map(
    ({ service, count, cpu, memory, gpu, constraint, max, port, prefers }): TaskGroup =>
      taskGroup(service, count, {
        requests: { cpu: cpu * 100, memory: memory * 64 * MI, gpu },
        hostPorts: port,
        placement: { constraints: constraint, preferences: prefers, maxReplicasPerNode: max },
      }),
  );

/** Makes equal rounds, each with its chance at the start. */
export type RoundMaker = () => Round;

export const anyRound: fc.Arbitrary<RoundMaker> = fc
  .record({
    nodes: fc.array(node, { maxLength: 10 }),
    groups: fc.array(group, { maxLength: 5 }),
    seed: fc.nat(),
  })
  .map(({ nodes, groups, seed }) => () => ({
    nodes: nodes.map((facts, at) => nodeView(`node-${at + 1}`, facts)),
    groups: groups.map((facts, at) => ({ ...facts, template: `template-${at}` })),
    random: new SeededRandom(seed),
  }));

/** As often as it got a task, each group's nodes, in order. */
export function nodesOf(plan: Plan): readonly (readonly string[])[] {
  return plan.groups.map(({ nodes }) => nodes.toSorted());
}

/** What a plan has done to a node so far. */
export interface Tally {
  readonly view: NodeView;
  readonly used: Map<string, number>;
  readonly tasksOf: Map<string, number>;
  tasks: number;
  readonly ports: Set<string>;
}

export function tallies(round: Round): Map<string, Tally> {
  return new Map(
    round.nodes.map((view) => [
      view.name,
      {
        view,
        used: new Map(Object.entries(view.used)),
        tasksOf: new Map(view.tasksOf),
        tasks: view.tasks,
        ports: new Set(view.hostPorts),
      },
    ]),
  );
}

export function count(tally: Tally, group: TaskGroup): void {
  for (const [name, amount] of Object.entries(group.requests)) {
    tally.used.set(name, (tally.used.get(name) ?? 0) + amount);
  }
  tally.tasksOf.set(group.service, (tally.tasksOf.get(group.service) ?? 0) + 1);
  tally.tasks++;
  for (const port of group.hostPorts) tally.ports.add(port);
}

/** Whether a node can take one more task of a group, said in the plainest way. */
export function canTake({ view, used, tasksOf, ports }: Tally, group: TaskGroup): boolean {
  const { constraints, maxReplicasPerNode } = group.placement;
  if (view.schedulable !== true) return false;
  if (constraints.includes('node.labels.zone == a') && view.labels.zone !== 'a') return false;
  if (constraints.includes('node.labels.zone != b') && view.labels.zone === 'b') return false;
  if (maxReplicasPerNode > 0 && (tasksOf.get(group.service) ?? 0) >= maxReplicasPerNode) return false;
  if (group.hostPorts.some((port) => ports.has(port))) return false;
  return Object.entries(group.requests).every(
    ([name, amount]) => amount === 0 || (used.get(name) ?? 0) + amount <= (view.capacity[name] ?? 0),
  );
}

/** The largest share in use of what the group asks for, as if `more` of its tasks were there besides. */
export function shareOf({ view, used }: Tally, group: TaskGroup, more: number): number {
  const shares = Object.entries(group.requests)
    .filter(([, amount]) => amount > 0)
    .map(([name, amount]) => {
      const of = (used.get(name) ?? 0) + more * amount;
      return of === 0 ? 0 : Math.min(1, of / (view.capacity[name] ?? 0));
    });
  return Math.max(0, ...shares);
}
