import type { Scheduler } from '@gantry/core';
import type { GroupPlan, Plan, Round, TaskGroup } from '@gantry/core/contracts';
import type { Explanation } from '@gantry/core/model';
import { schedulerKit, type Wreck } from '@gantry/testing';
import { sabotage } from '@gantry/testing/vitest';
import {
  naiveScheduler,
  notSchedulable,
  type Parts,
  portTaken,
  type Seat,
  soundParts,
  tooLittle,
  tooMany,
  wrongPlace,
} from './support/naive-scheduler.ts';

const sound = naiveScheduler();

/** A wreck of the naive scheduler with one part broken. */
function broken(name: string, caughtBy: string, parts: Partial<Parts>): Wreck<Scheduler> {
  return { name, caughtBy, make: () => ({ subject: naiveScheduler({ ...soundParts, ...parts }) }) };
}

/** A wreck that handles the round, or what a sound scheduler says about it, wrongly. */
function wrapped(name: string, caughtBy: string, make: () => (round: Round) => Plan): Wreck<Scheduler> {
  return { name, caughtBy, make: () => ({ subject: { name: 'naive', place: make() } }) };
}

/** A sound plan with every group's answer changed. */
function changed(change: (plan: GroupPlan, group: TaskGroup) => GroupPlan): () => (round: Round) => Plan {
  return () => (round) => ({
    groups: sound.place(round).groups.map((plan, at) => change(plan, round.groups[at] as TaskGroup)),
  });
}

function misexplained(
  change: (explanation: Explanation) => Partial<Explanation>,
): () => (round: Round) => Plan {
  return changed((plan) => ({ ...plan, explanation: { ...plan.explanation, ...change(plan.explanation) } }));
}

/** The sound checks, but some. */
function without(...left: readonly ((group: TaskGroup, seat: Seat) => unknown)[]): Parts['refuse'] {
  const stateOf = (_group: TaskGroup, seat: Seat) => notSchedulable(seat);
  const checks = [stateOf, wrongPlace, tooMany, portTaken, tooLittle].filter(
    (check) => !left.includes(check),
  );
  return (group, seat) => checks.map((check) => check(group, seat)).find((refusal) => refusal !== undefined);
}

const wrecks: readonly Wreck<Scheduler>[] = [
  broken(
    'places on nodes that are not schedulable',
    'a node that is not schedulable gets nothing, whatever the word',
    {
      refuse: (group, seat) =>
        soundParts.refuse(group, { ...seat, view: { ...seat.view, schedulable: true } }),
    },
  ),
  broken('knows the word drain only', 'a node that is not schedulable gets nothing, whatever the word', {
    refuse: (group, seat) =>
      seat.view.schedulable === 'drain'
        ? notSchedulable(seat)
        : without()(group, { ...seat, view: { ...seat.view, schedulable: true } }),
  }),
  broken('ignores capacity', 'a node is never filled beyond its capacity by one group', {
    refuse: without(tooLittle),
  }),
  broken('takes every node for empty', 'resources requested by running tasks are not given away again', {
    seat: (view) => ({ ...soundParts.seat(view), used: new Map() }),
  }),
  broken('counts cpu and memory only', 'a resource of any name is counted, and a node without it has none', {
    refuse: (group, seat) => {
      const { cpu = 0, memory = 0 } = group.requests;
      return soundParts.refuse({ ...group, requests: { cpu, memory } }, seat);
    },
  }),
  broken('refuses whatever a full node is asked', 'a task without requests fits on a full node', {
    refuse: (group, seat) =>
      soundParts.refuse(group, seat) ?? tooLittle({ ...group, requests: { cpu: 1, memory: 1 } }, seat),
  }),
  wrapped(
    'forgets what earlier groups took',
    'resources taken by earlier groups of the round are not given away again',
    () => {
      return (round) => ({
        groups: round.groups.flatMap((group) => sound.place({ ...round, groups: [group] }).groups),
      });
    },
  ),
  broken('ignores constraints', 'all constraints hold: on labels, attributes and the name, == and !=', {
    refuse: without(wrongPlace),
  }),
  broken(
    'heeds the first constraint only',
    'all constraints hold: on labels, attributes and the name, == and !=',
    {
      refuse: (group, seat) =>
        soundParts.refuse(
          {
            ...group,
            placement: { ...group.placement, constraints: group.placement.constraints.slice(0, 1) },
          },
          seat,
        ),
    },
  ),
  broken('wants a label for !=', 'a missing label differs from every value', {
    refuse: (group, seat) => {
      const unlabelled = group.placement.constraints.length > 0 && Object.keys(seat.view.labels).length === 0;
      const never = { ...group.placement, constraints: ['node.name == none'] };
      return soundParts.refuse(unlabelled ? { ...group, placement: never } : group, seat);
    },
  }),
  broken('ignores maxReplicasPerNode', 'no node gets more tasks of a service than maxReplicasPerNode', {
    refuse: without(tooMany),
  }),
  broken(
    'does not count replicas that run already',
    'no node gets more tasks of a service than maxReplicasPerNode',
    {
      seat: (view) => ({ ...soundParts.seat(view), tasksOf: new Map() }),
    },
  ),
  broken('counts replicas by template', 'maxReplicasPerNode counts the service, not the group', {
    refuse: (group, seat) => soundParts.refuse({ ...group, service: group.template }, seat),
    take: (group, seat) => soundParts.take({ ...group, service: group.template }, seat),
  }),
  broken('ignores host ports', 'a host port in use is not given out again', { refuse: without(portTaken) }),
  broken('forgets the host ports it gives out', 'a host port given out in this round is in use', {
    take: (group, seat) => soundParts.take({ ...group, hostPorts: [] }, seat),
  }),
  wrapped(
    'answers groups in another order',
    'every group is answered once, in order, and no task twice',
    () => {
      return (round) => ({ groups: sound.place(round).groups.toReversed() });
    },
  ),
  wrapped(
    'gives more nodes than there are tasks',
    'every group is answered once, in order, and no task twice',
    changed((plan) => ({ ...plan, nodes: [...plan.nodes, ...plan.nodes.slice(0, 1)] })),
  ),
  wrapped(
    'leaves the last task',
    'a task is left only when no node can take it',
    changed((plan) => ({ ...plan, nodes: plan.nodes.slice(0, -1) })),
  ),
  wrapped(
    'gives up at the first group that does not fit',
    'a group that fits nowhere does not hold up the others',
    () => {
      return (round) => {
        const { groups } = sound.place(round);
        const stuck = groups.findIndex(({ explanation }) => explanation.unplaced > 0);
        return {
          groups: groups.map((plan, at) => (stuck >= 0 && at > stuck ? { ...plan, nodes: [] } : plan)),
        };
      };
    },
  ),
  wrapped('throws without nodes', 'nothing to do is not an error: no groups, no tasks, no nodes', () => {
    return (round) => {
      if (round.nodes.length === 0) throw new Error('no nodes');
      return sound.place(round);
    };
  }),
  wrapped('names a node that does not exist', 'every law holds on generated rounds', () => {
    return changed((plan) => ({ ...plan, nodes: plan.nodes.map((name) => name.replace('4', '40')) }))();
  }),
  wrapped('takes its time', 'ten thousand tasks are placed before patience ends', () => {
    return (round) => {
      const end = performance.now() + 1200;
      while (performance.now() < end);
      return sound.place(round);
    };
  }),
  wrapped('throws dice of its own', 'the same round gives the same plan', () => {
    return (round) => sound.place({ ...round, nodes: round.nodes.toSorted(() => Math.random() - 0.5) });
  }),
  wrapped(
    'has a source of randomness that outlives the round',
    'randomness comes only from the round',
    () => {
      let turns = 0;
      return (round) =>
        sound.place({ ...round, nodes: turns++ % 2 === 0 ? round.nodes : round.nodes.toReversed() });
    },
  ),
  wrapped('keeps what it placed for the next round', 'nothing is remembered from round to round', () => {
    const seen = new Set<string>();
    return (round) => {
      const key = (name: string) => Number(seen.has(name));
      const plan = sound.place({
        ...round,
        nodes: round.nodes.toSorted((a, b) => key(a.name) - key(b.name)),
      });
      for (const name of plan.groups.flatMap(({ nodes }) => nodes.slice(0, 1))) seen.add(name);
      return plan;
    };
  }),
  broken('books into the round', 'the round is not changed', {
    seat: (view) => ({ ...soundParts.seat(view), tasksOf: view.tasksOf as Map<string, number> }),
  }),
  wrapped('sorts the nodes of the round', 'the round is not changed', () => {
    return (round) => {
      (round.nodes as Round['nodes'][number][]).sort((a, b) => b.tasks - a.tasks);
      return sound.place(round);
    };
  }),
  wrapped(
    'signs with another name',
    'the scheduler has a name, and signs with it',
    misexplained(() => ({ scheduler: 'other' })),
  ),
  wrapped(
    'reports tasks as placed that are not',
    'the figures agree with the plan',
    misexplained(({ placed, unplaced }) => ({ placed: placed + unplaced, unplaced: 0 })),
  ),
  wrapped(
    'counts every node as feasible',
    'the figures agree with the plan',
    misexplained(({ nodes }) => ({ feasible: nodes })),
  ),
  wrapped(
    'tells the first reason only',
    'a task that is left has a reason for every node',
    misexplained(({ filters }) => ({ filters: filters.slice(0, 1) })),
  ),
  wrapped(
    'gives reasons without a code',
    'a reason has a code, a message and the first nodes; most nodes come first',
    misexplained(({ filters }) => ({
      filters: filters.map((filter) => ({ ...filter, code: 'too little' })),
    })),
  ),
  wrapped(
    'names the first node as the nearest',
    'the nearest miss is named, with by how much',
    misexplained(({ filters }) => ({
      filters: filters.map((filter) => ({
        ...filter,
        nearest: { node: filter.nodes[0] ?? '', message: '128' },
      })),
    })),
  ),
  wrapped(
    'offers no remedy',
    'a rejection says what would make the task fit',
    misexplained(({ filters }) => ({ filters: filters.map(({ remedy: _, ...filter }) => filter) })),
  ),
  wrapped(
    'has one code for everything',
    'equal reasons have equal codes, different ones different codes',
    misexplained(({ filters }) => ({
      filters: filters.map((filter) => ({ ...filter, code: 'DoesNotFit' })),
    })),
  ),
  wrapped(
    'ranks nothing',
    'the best nodes are ranked, with what each scorer said',
    misexplained(() => ({ ranking: [] })),
  ),
  wrapped(
    'has nothing to say in the end',
    'everything is said in one sentence, whatever the outcome',
    misexplained(() => ({ summary: '' })),
  ),
];

sabotage(schedulerKit, () => ({ subject: sound }), wrecks, { patienceMs: 1000 });
