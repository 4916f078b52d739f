/**
 * Placements per second of the bundled schedulers: 1,000,000 tasks of 100 services, each with three resources and one
 * constraint, on 10,000 nodes in one call of the plugin's scheduler; filters, explanations and the plan included. For
 * comparison a scan of all nodes per task, on fewer tasks, since it would take minutes.
 */
import type { Plugin, Scheduler } from '@gantry/core';
import type { NodeView, Plan, Round } from '@gantry/core/contracts';
import { parseConstraint, satisfies } from '@gantry/core/model';
import { binpackScheduler } from '@gantry/scheduler-binpack';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { SeededRandom } from '@gantry/testing';

const NODES = 10_000;
const SERVICES = 100;
const TASKS = 1_000_000;
const NAIVE_TASKS = 20_000;
const WARM_UPS = 2;
const RUNS = 7;
const MI = 2 ** 20;
const ZONES = ['a', 'b', 'c', 'd'];

function makeNodes(random: SeededRandom): readonly NodeView[] {
  return Array.from({ length: NODES }, (_, index) => {
    const size = 1 + Math.floor(random.next() * 2);
    return {
      name: `node-${index}`,
      labels: { zone: ZONES[index % ZONES.length] as string, disk: index % 10 === 0 ? 'hdd' : 'ssd' },
      attributes: { os: 'linux', arch: 'amd64', hostname: `node-${index}` },
      schedulable: true as const,
      taints: [],
      capacity: { cpu: 32_000 * size, memory: 65_536 * MI * size, gpu: 128 * size },
      used: {},
      tasks: 0,
      tasksOf: new Map<string, number>(),
      hostPorts: new Set<string>(),
    };
  });
}

function makeRound(tasks: number, nodes: readonly NodeView[]): Round {
  const each = tasks / SERVICES;
  const groups = Array.from({ length: SERVICES }, (_, service) => ({
    service: `service-${service}`,
    template: `template-${service}`,
    requests: {
      cpu: 100 + 50 * (service % 5),
      memory: (64 + 32 * (service % 7)) * MI,
      gpu: 1,
    },
    placement: {
      constraints: [
        service % 5 === 4
          ? 'node.labels.disk != hdd'
          : `node.labels.zone == ${ZONES[service % ZONES.length]}`,
      ],
      preferences: [],
      maxReplicasPerNode: 0,
      tolerations: [],
    },
    hostPorts: [],
    tasks: Array.from({ length: each }, (_, slot) => `service-${service}.${slot}`),
  }));
  return { groups, nodes, random: new SeededRandom(7) };
}

/** Checks every promise again, from the plan alone: without a valid plan the figure means nothing. */
function verify(round: Round, plan: Plan): void {
  const nodes = new Map(round.nodes.map((node) => [node.name, { node, used: new Map<string, number>() }]));
  round.groups.forEach((group, at) => {
    const placed = plan.groups[at]?.nodes ?? [];
    if (placed.length !== group.tasks.length) throw new Error(`${group.service}: ${placed.length} placed`);
    const constraints = group.placement.constraints.map(parseConstraint);
    for (const name of placed) {
      const { node, used } = nodes.get(name) ?? {};
      if (node === undefined || used === undefined) throw new Error(`unknown node ${name}`);
      for (const constraint of constraints) {
        if ('message' in constraint || !satisfies(node, constraint)) throw new Error(`${name}: constraint`);
      }
      for (const [resource, amount] of Object.entries(group.requests)) {
        const sum = (used.get(resource) ?? 0) + amount;
        if (sum > (node.capacity[resource] ?? 0)) throw new Error(`${name}: over its ${resource}`);
        used.set(resource, sum);
      }
    }
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

function measure(plugin: Plugin, nodes: readonly NodeView[]): number {
  const scheduler = plugin.create({}) as Scheduler;
  const rates: number[] = [];
  const { groups } = makeRound(TASKS, nodes);
  for (let run = -WARM_UPS; run < RUNS; run++) {
    const round = { groups, nodes, random: new SeededRandom(7) };
    const began = performance.now();
    const plan = scheduler.place(round);
    const seconds = (performance.now() - began) / 1000;
    if (run >= 0) rates.push(TASKS / seconds);
    if (run === RUNS - 1) verify(round, plan);
  }
  const rate = median(rates);
  const range = `${millions(Math.min(...rates))} to ${millions(Math.max(...rates))}`;
  console.log(
    `${scheduler.name}: ${millions(rate)} placements/s, median of ${RUNS} runs (${range}); plan verified`,
  );
  return rate;
}

/** A scheduler that keeps no order of its nodes: it visits all of them for each task. */
function naive({ groups, nodes }: Round): Plan {
  const free = nodes.map(({ capacity }) => ({ ...capacity }) as Record<string, number>);
  const answers = groups.map((group) => {
    const constraints = group.placement.constraints.map(parseConstraint);
    const allowed = nodes.map((node) =>
      constraints.every((one) => !('message' in one) && satisfies(node, one)),
    );
    const requests = Object.entries(group.requests);
    const counts = nodes.map(() => 0);
    const chosen = group.tasks.map(() => {
      let best = -1;
      let fewest = Number.POSITIVE_INFINITY;
      for (let index = 0; index < nodes.length; index++) {
        const count = counts[index] as number;
        if (count >= fewest || allowed[index] !== true) continue;
        if (!requests.every(([name, amount]) => (free[index]?.[name] ?? 0) >= amount)) continue;
        best = index;
        fewest = count;
      }
      counts[best] = fewest + 1;
      for (const [name, amount] of requests)
        (free[best] as Record<string, number>)[name] = (free[best]?.[name] ?? 0) - amount;
      return (nodes[best] as NodeView).name;
    });
    return { nodes: chosen, explanation: undefined as never };
  });
  return { groups: answers };
}

function measureNaive(nodes: readonly NodeView[]): number {
  const rates = [0, 1, 2].map(() => {
    const round = makeRound(NAIVE_TASKS, nodes);
    const began = performance.now();
    const plan = naive(round);
    const rate = NAIVE_TASKS / ((performance.now() - began) / 1000);
    verify(round, plan);
    return rate;
  });
  const rate = median(rates);
  console.log(`naive: ${Math.round(rate)} placements/s by a scan per task, measured on ${NAIVE_TASKS} tasks`);
  return rate;
}

function millions(rate: number): string {
  return `${(rate / 1e6).toFixed(2)}M`;
}

const nodes = makeNodes(new SeededRandom(1));
console.log(
  `${TASKS} tasks of ${SERVICES} services on ${NODES} nodes, three resources and one constraint each`,
);
const spread = measure(spreadScheduler(), nodes);
const binpack = measure(binpackScheduler(), nodes);
const scan = measureNaive(nodes);
console.log(
  JSON.stringify({
    bench: 'placement',
    spread: Math.round(spread),
    binpack: Math.round(binpack),
    naive: Math.round(scan),
  }),
);
