import type { Scheduler } from '@gantry/core';
import type { GroupPlan, NodeView, Round, TaskGroup } from '@gantry/core/contracts';
import { type FilterResult, parseConstraint, satisfies } from '@gantry/core/model';

/** A node as the naive scheduler keeps it. */
export interface Seat {
  readonly view: NodeView;
  readonly used: Map<string, number>;
  readonly tasksOf: Map<string, number>;
  readonly ports: Set<string>;
}

export interface Refusal {
  readonly filter: string;
  readonly code: string;
  readonly miss: number;
  readonly message: string;
  readonly remedy: string;
}

/** The parts a wreck can break. */
export interface Parts {
  readonly seat: (view: NodeView) => Seat;
  readonly refuse: (group: TaskGroup, seat: Seat) => Refusal | undefined;
  readonly take: (group: TaskGroup, seat: Seat) => void;
}

export const soundParts: Parts = {
  seat: (view) => ({
    view,
    used: new Map(Object.entries(view.used)),
    tasksOf: new Map(view.tasksOf),
    ports: new Set(view.hostPorts),
  }),
  refuse: (group, seat) =>
    notSchedulable(seat) ??
    wrongPlace(group, seat) ??
    tooMany(group, seat) ??
    portTaken(group, seat) ??
    tooLittle(group, seat),
  take({ requests, service, hostPorts }, { used, tasksOf, ports }) {
    for (const [name, amount] of Object.entries(requests)) used.set(name, (used.get(name) ?? 0) + amount);
    tasksOf.set(service, (tasksOf.get(service) ?? 0) + 1);
    for (const port of hostPorts) ports.add(port);
  },
};

export function notSchedulable({ view }: Seat): Refusal | undefined {
  if (view.schedulable === true) return undefined;
  const remedy = `activate ${view.name}`;
  return {
    filter: 'state',
    code: `Node${view.schedulable.replace(/\W/g, '')}`,
    miss: 1,
    message: view.name,
    remedy,
  };
}

export function wrongPlace({ placement }: TaskGroup, { view }: Seat): Refusal | undefined {
  const unmet = placement.constraints.find((text) => {
    const constraint = parseConstraint(text);
    return 'message' in constraint || !satisfies(view, constraint);
  });
  if (unmet === undefined) return undefined;
  return { filter: 'place', code: 'WrongPlace', miss: 1, message: unmet, remedy: `see to ${unmet}` };
}

export function tooMany({ service, placement }: TaskGroup, { tasksOf }: Seat): Refusal | undefined {
  const count = tasksOf.get(service) ?? 0;
  if (placement.maxReplicasPerNode === 0 || count < placement.maxReplicasPerNode) return undefined;
  return { filter: 'most', code: 'TooMany', miss: count, message: `${count}`, remedy: 'add a node' };
}

export function portTaken({ hostPorts }: TaskGroup, { ports }: Seat): Refusal | undefined {
  const taken = hostPorts.find((port) => ports.has(port));
  if (taken === undefined) return undefined;
  return { filter: 'ports', code: 'PortTaken', miss: 1, message: taken, remedy: `free ${taken}` };
}

export function tooLittle({ requests }: TaskGroup, { view, used }: Seat): Refusal | undefined {
  for (const [name, amount] of Object.entries(requests)) {
    const miss = amount - ((view.capacity[name] ?? 0) - (used.get(name) ?? 0));
    if (amount === 0 || miss <= 0) continue;
    return {
      filter: 'amount',
      code: `TooLittle${name}`,
      miss,
      message: `lacks ${miss}`,
      remedy: `free ${miss} ${name}`,
    };
  }
  return undefined;
}

/** A scheduler as plain as can be: for every task, looks at every node, and takes the emptiest that will have it. */
export function naiveScheduler(parts: Parts = soundParts): Scheduler {
  return {
    name: 'naive',
    place({ groups, nodes }: Round) {
      const seats = nodes.map(parts.seat);
      const placed = groups.map((group) => {
        const open = seats.filter((seat) => parts.refuse(group, seat) === undefined);
        const first = open.map(({ view }) => view.name);
        const names: string[] = [];
        while (names.length < group.tasks.length) {
          const count = ({ tasksOf }: Seat) => tasksOf.get(group.service) ?? 0;
          let best: Seat | undefined;
          for (const seat of open) {
            if (parts.refuse(group, seat) !== undefined) continue;
            if (best === undefined || count(seat) < count(best)) best = seat;
          }
          if (best === undefined) break;
          parts.take(group, best);
          names.push(best.view.name);
        }
        return { names, first };
      });
      return { groups: groups.map((group, at) => explained(parts, group, seats, placed[at] as Placed)) };
    },
  };
}

interface Placed {
  readonly names: readonly string[];
  readonly first: readonly string[];
}

function explained(
  parts: Parts,
  group: TaskGroup,
  seats: readonly Seat[],
  { names, first }: Placed,
): GroupPlan {
  const byCode = new Map<string, { name: string; refusal: Refusal }[]>();
  for (const seat of seats) {
    const refusal = parts.refuse(group, seat);
    if (refusal === undefined) continue;
    byCode.set(refusal.code, [...(byCode.get(refusal.code) ?? []), { name: seat.view.name, refusal }]);
  }
  const filters = [...byCode].map(([code, refused]): FilterResult => {
    const nearest = refused.toSorted((a, b) => a.refusal.miss - b.refusal.miss)[0] as (typeof refused)[0];
    return {
      filter: nearest.refusal.filter,
      code,
      rejected: refused.length,
      nodes: refused.slice(0, 5).map(({ name }) => name),
      message: refused[0]?.refusal.message ?? '',
      nearest: { node: nearest.name, message: nearest.refusal.message },
      remedy: nearest.refusal.remedy,
    };
  });
  return {
    nodes: names,
    explanation: {
      scheduler: 'naive',
      nodes: seats.length,
      feasible: first.length,
      placed: names.length,
      unplaced: group.tasks.length - names.length,
      filters: filters.toSorted((a, b) => b.rejected - a.rejected),
      ranking: first.slice(0, 3).map((node) => ({ node, scores: [{ scorer: 'first', score: 1 }] })),
      summary: `${names.length} placed`,
    },
  };
}
