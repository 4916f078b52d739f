/** Gives one round to the bundled scheduler `spread` and to our own, and shows what each does with it, and why. */
import type { Plugin, Scheduler } from '@gantry/core';
import type { NodeView, Round } from '@gantry/core/contracts';
import type { Explanation } from '@gantry/core/model';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { zoneSpreadScheduler } from './zone-spread-scheduler.ts';

const GI = 2 ** 30;

/** Zone a has four nodes, the other zones have one each, and one node is being drained. */
const nodes = ['a', 'a', 'a', 'a', 'b', 'c', 'c'].map(
  (zone, index): NodeView => ({
    name: `node-${index + 1}`,
    labels: { zone },
    attributes: {},
    taints: [],
    schedulable: index === 6 ? 'drain' : true,
    capacity: { cpu: 4000, memory: 8 * GI },
    used: {},
    tasks: 0,
    tasksOf: new Map(),
    hostPorts: new Set(),
  }),
);

const round: Round = {
  nodes,
  groups: [
    {
      service: 'web',
      template: 'web-1',
      requests: { cpu: 500, memory: GI },
      placement: { constraints: [], preferences: [], maxReplicasPerNode: 0, tolerations: [] },
      hostPorts: [],
      tasks: ['web.1', 'web.2', 'web.3', 'web.4', 'web.5', 'web.6'],
    },
    {
      service: 'huge',
      template: 'huge-1',
      requests: { memory: 7.5 * GI },
      placement: {
        constraints: ['node.labels.zone == b'],
        preferences: [],
        maxReplicasPerNode: 0,
        tolerations: [],
      },
      hostPorts: [],
      tasks: ['huge.1'],
    },
  ],
  random: { next: () => 0.5 },
};

/** How many of the tasks are in each zone, as `a=2 b=2 c=2`. */
function show(plugin: Plugin): string {
  const scheduler = plugin.create({}) as Scheduler;
  console.log(`\n${scheduler.name}`);
  const zones = new Map<string, number>();
  scheduler.place(round).groups.forEach((plan, at) => {
    const { service, tasks } = round.groups[at] as Round['groups'][number];
    plan.nodes.forEach((name, task) => {
      const zone = nodes.find((node) => node.name === name)?.labels.zone ?? '';
      zones.set(zone, (zones.get(zone) ?? 0) + 1);
      console.log(`  ${tasks[task]} on ${name} in zone ${zone}`);
    });
    explain(service, plan.explanation);
  });
  const perZone = [...zones].sort().map(([zone, count]) => `${zone}=${count}`);
  console.log(`  tasks per zone: ${perZone.join(' ')}`);
  return perZone.join(' ');
}

function explain(service: string, { summary, ranking, filters }: Explanation): void {
  console.log(`  ${service}: ${summary}`);
  for (const { node, scores } of ranking) {
    console.log(`    ${node}: ${scores.map(({ scorer, message }) => `${scorer}: ${message}`).join('; ')}`);
  }
  for (const { code, rejected, remedy } of filters) {
    console.log(`    ${rejected} refused, ${code}${remedy === undefined ? '' : `: ${remedy}`}`);
  }
}

const theirs = show(spreadScheduler());
const ours = show(zoneSpreadScheduler({ label: 'zone' }));
if (theirs === ours) throw new Error(`both schedulers place ${ours}`);
