import { contract, contracts, definePlugin, type PlacementAdvisor, type Plugin } from '@gantry/core';
import { subjects } from '@gantry/core/protocol';
import { z } from 'zod';
import { balancerAdmission } from './api/balancer-admission.ts';
import { EmbeddedApi } from './api/embedded-api.ts';
import { featuresAdmission } from './api/features-admission.ts';
import { leaderWriter } from './api/leader-writer.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { NodeWriter } from './dispatch/nodes.ts';
import { PublishedPorts } from './dispatch/published-ports.ts';
import { Sessions } from './dispatch/sessions.ts';
import { storeEventRecorder } from './events/store-event-recorder.ts';
import { garbageCollector } from './garbage-collector.ts';
import { Placement } from './schedule/placement.ts';
import { SchedulerLoop } from './schedule/scheduler-loop.ts';
import { serverParts } from './servers/servers.ts';
import { serviceController } from './service/service-controller.ts';

export interface ControlPlaneOptions {
  /** Interval between an agent's heartbeats, ms. Default 2,000. */
  readonly heartbeatMs?: number;
  /** A node without a heartbeat for this long is down, ms. Default 6,000. */
  readonly downAfterMs?: number;
}

/**
 * The only placement of a process: callers use it as `contracts.placement`, but the scheduler loop needs more of its
 * methods.
 */
const placementToken = contract<Placement>('placement-model');

const placementModel = definePlugin({
  name: 'placement-model',
  provides: placementToken,
  needs: {
    views: contracts.views,
    schedulers: contracts.scheduler,
    random: contracts.random,
    clock: contracts.clock,
  },
  create: (_options, needs) => new Placement(needs),
});

const placementAdvisor = definePlugin({
  name: 'placement-advisor',
  provides: contracts.placement,
  needs: { placement: placementToken },
  create: (_options, { placement }): PlacementAdvisor => ({
    last: (service, template, task) => placement.last(service, template, task),
    ask: (service, task) => placement.ask(service, task),
    fitsWithout: (service, task, others) => placement.fitsWithout(service, task, others),
    avoided: (service, template) => placement.avoided(service, template),
    rehearse: (wanted) => placement.rehearse(wanted),
  }),
});

const schedulerLoop = definePlugin({
  name: 'component-scheduler-loop',
  provides: contracts.leaderComponent,
  needs: {
    store: contracts.store,
    views: contracts.views,
    placement: placementToken,
    clock: contracts.clock,
    random: contracts.random,
    logger: contracts.logger,
    events: contracts.events,
  },
  create: (_options, needs) => new SchedulerLoop(needs),
});

const dispatcher = definePlugin({
  name: 'component-dispatcher',
  provides: contracts.leaderComponent,
  needs: {
    cluster: contracts.cluster,
    store: contracts.store,
    views: contracts.views,
    bus: contracts.bus,
    clock: contracts.clock,
    random: contracts.random,
    logger: contracts.logger,
    events: contracts.events,
  },
  options: z
    .strictObject({
      heartbeatMs: z.int().min(10).default(2000),
      downAfterMs: z.int().min(20).default(6000),
    })
    .refine(({ heartbeatMs, downAfterMs }) => downAfterMs >= 2 * heartbeatMs, {
      path: ['downAfterMs'],
      message: 'expected at least twice heartbeatMs',
    }),
  create: (options, needs) =>
    new Dispatcher(
      {
        ...needs,
        subjects: subjects(needs.cluster.name),
        sessions: new Sessions(needs.clock),
        nodes: new NodeWriter(needs),
        published: new PublishedPorts(needs),
      },
      options,
    ),
});

const embeddedApi = definePlugin({
  name: 'api-embedded',
  provides: contracts.api,
  needs: {
    cluster: contracts.cluster,
    store: contracts.store,
    views: contracts.views,
    bus: contracts.bus,
    clock: contracts.clock,
    random: contracts.random,
    schedulers: contracts.scheduler,
    admissions: contracts.admission,
    kinds: contracts.kind,
    advisor: contracts.placement,
    servers: contracts.servers,
  },
  create: (_options, needs) => new EmbeddedApi({ ...needs, subjects: subjects(needs.cluster.name) }),
});

/** Plugins: the complete control plane, for the store, the bus and the schedulers with which it is composed. */
export function controlPlane(options: ControlPlaneOptions = {}): readonly Plugin[] {
  return [
    placementModel(),
    placementAdvisor(),
    storeEventRecorder(),
    leaderWriter(),
    serviceController(),
    schedulerLoop(),
    dispatcher(options),
    garbageCollector(),
    featuresAdmission(),
    balancerAdmission(),
    ...serverParts(),
    embeddedApi(),
  ];
}
