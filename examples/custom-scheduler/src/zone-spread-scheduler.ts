import { contracts, definePlugin } from '@gantry/core';
import { type ClusterScorer, leastUsed, pipeline } from '@gantry/scheduling';
import { z } from 'zod';

/** Prefers the zone where the service has the fewest tasks; asked once per zone and task, not once per node. */
const zoneSpread = (label: string): ClusterScorer => ({
  name: 'zone-spread',
  weight: 1000,
  domain: (_group, node) => node.labels[label] ?? '',
  score: ({ service }, node, cluster) => -cluster.tasksNear(service, node, `node.labels.${label}`),
  describe: ({ service }, node, cluster) =>
    `${cluster.tasksNear(service, node, `node.labels.${label}`)} of ${service} in ${label} ${node.labels[label]}`,
});

/** The scheduler `zone-spread`: evens out the tasks of a service over the zones first, then over the nodes. */
export const zoneSpreadScheduler = definePlugin({
  name: 'acme/scheduler-zone-spread',
  provides: contracts.scheduler,
  options: z.strictObject({ label: z.string().default('zone') }),
  create: ({ label }) => pipeline({ name: 'zone-spread', scorers: [zoneSpread(label), leastUsed()] }),
});
