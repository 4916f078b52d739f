import { contracts, definePlugin } from '@gantry/core';
import { subjects } from '@gantry/core/protocol';
import { z } from 'zod';
import { Ingress } from './ingress.ts';
import { KeptFrontends } from './kept-frontends.ts';
import { NodeAgent } from './node-agent.ts';
import { STREAM_LIMITS } from './stream-limits.ts';

/** Plugin: the agent of a node, for `contracts.agent`. */
export const agent = definePlugin({
  name: 'agent',
  provides: contracts.agent,
  needs: {
    cluster: contracts.cluster,
    node: contracts.node,
    runtime: contracts.runtime,
    network: contracts.network,
    balancers: contracts.loadBalancer,
    bus: contracts.bus,
    clock: contracts.clock,
    random: contracts.random,
    logger: contracts.logger,
  },
  options: z.strictObject({
    onClose: z.enum(['stop', 'leave']).default('stop'),
    takeOver: z.boolean().default(false),
    closeGraceMs: z.int().min(0).default(2000),
    streams: z
      .strictObject({
        windowBytes: z
          .int()
          .min(16 * 1024)
          .max(16 * 1024 * 1024)
          .default(STREAM_LIMITS.windowBytes),
        maxStreams: z.int().min(1).default(STREAM_LIMITS.maxStreams),
      })
      .prefault({}),
  }),
  create: (options, needs) => new NodeAgent({ ...needs, subjects: subjects(needs.cluster.name) }, options),
});

/** Plugin: keeps the load balancers of the machine in step with the cluster. */
export const ingress = definePlugin({
  name: 'component-ingress',
  provides: contracts.machineComponent,
  needs: {
    cluster: contracts.cluster,
    machine: contracts.machine,
    balancers: contracts.loadBalancer,
    network: contracts.network,
    bus: contracts.bus,
    clock: contracts.clock,
    random: contracts.random,
    logger: contracts.logger,
  },
  options: z.strictObject({
    address: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1'),
    /** File in which the frontends are kept, so that the next program serves their ports at its start. */
    keepIn: z.string().startsWith('/', 'expected an absolute path').optional(),
  }),
  create: ({ address, keepIn }, needs) => {
    const kept = keepIn === undefined ? undefined : new KeptFrontends(keepIn, needs.clock);
    return new Ingress({ ...needs, subjects: subjects(needs.cluster.name), kept }, address);
  },
});
