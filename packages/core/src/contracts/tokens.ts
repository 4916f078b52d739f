import type { ClusterApi } from '../api/cluster-api.ts';
import type { ApiRoutes } from '../api/route.ts';
import type { KindDefinition } from '../model/kind-definition.ts';
import type { Lifecycle } from '../plugin.ts';
import { contract, contractMany } from '../token.ts';
import type { Admission } from './admission.ts';
import type { Bus } from './bus.ts';
import type { Clock } from './clock.ts';
import type { Controller } from './controller.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Leadership } from './leadership.ts';
import type { LoadBalancer } from './load-balancer.ts';
import type { Logger } from './logger.ts';
import type { Network } from './network.ts';
import type { PlacementAdvisor } from './placement-advisor.ts';
import type { Random } from './random.ts';
import type { Runtime } from './runtime.ts';
import type { Scheduler } from './scheduler.ts';
import type { Servers } from './servers.ts';
import type { Store } from './store.ts';
import type { Views } from './views.ts';
import type { Writer } from './writer.ts';

/** Which cluster a part belongs to. Provided by the host. */
export interface ClusterInfo {
  /** A DNS label; part of every bus subject and of every label on a container. */
  readonly name: string;
}

/** The machine on which a process runs its part of a cluster. Provided by the host, in the machine's scope. */
export interface MachineInfo {
  /** A DNS label, unique in the cluster. Its messages to the control plane carry it in their subject. */
  readonly name: string;
  /** Addresses at which other machines reach it, the preferred one first; empty if no other machine does. */
  readonly addresses: readonly string[];
}

/** Which node an agent and its runtime are. Provided by the host, in each node's scope. */
export interface NodeInfo {
  /** Name of the node, a DNS label. */
  readonly name: string;
  /** Labels that the node registers with. */
  readonly labels: Readonly<Record<string, string>>;
  /** Overrides what the runtime measures; `{}` keeps it. */
  readonly capacity: Readonly<Record<string, number>>;
  /** `manager` if its process may also lead the cluster; shown as the attribute `role`, for constraints on `node.role`. */
  readonly role?: 'manager' | 'worker' | undefined;
}

/** A part that simply runs, from start to end of what it belongs to: the dispatcher, a load balancer's feed, a front door. */
export interface Component extends Lifecycle {
  /** Shown in logs and errors. */
  readonly name: string;
}

/** What runs on a node, started and closed with it. */
export interface Agent extends Lifecycle {
  /** Name of the node. */
  readonly node: string;
}

/** Every contract of the core. */
export const contracts = Object.freeze({
  /** {@link Clock}: the time. Provided by `systemClock`, in tests by `TestClock`. */
  clock: contract<Clock>('clock'),
  /** {@link Random}: the source of randomness. */
  random: contract<Random>('random'),
  /** {@link Logger}: where log lines go. */
  logger: contract<Logger>('logger'),
  /** {@link ClusterInfo}: name of the cluster. Provided by the host. */
  cluster: contract<ClusterInfo>('cluster'),
  /** {@link Store}: the source of truth. */
  store: contract<Store>('store'),
  /** {@link Bus}: hints and requests. */
  bus: contract<Bus>('bus'),
  /** {@link Views}: cached collections of all objects. Provided by the host. */
  views: contract<Views>('views'),
  /** {@link Scheduler}: decides where tasks run. Several may be installed; a service names one. */
  scheduler: contractMany<Scheduler>('scheduler'),
  /** {@link Leadership}: elects the process that leads. Without it, a process leads from its start. */
  leadership: contract<Leadership>('leadership'),
  /** {@link Servers}: the API servers of the cluster. Provided by the control plane. */
  servers: contract<Servers>('servers'),
  /** {@link Controller}: reconciles objects of some kinds, on the leader. */
  controller: contractMany<Controller>('controller', { scope: 'leader' }),
  /** {@link Component} that runs while this process leads. */
  leaderComponent: contractMany<Component>('leader-component', { scope: 'leader' }),
  /** {@link EventRecorder}: records events, on the leader. Provided by the control plane. */
  events: contract<EventRecorder>('events', { scope: 'leader' }),
  /** {@link Writer}: writes objects with validation and a fence, on the leader. Provided by the control plane. */
  writer: contract<Writer>('writer', { scope: 'leader' }),
  /** Definition of a further kind of object: a `KindDefinition` of `@gantry/core/model`. */
  kind: contractMany<KindDefinition>('kind'),
  /** {@link Admission}: changes or rejects objects before they are stored. */
  admission: contractMany<Admission>('admission'),
  /** {@link Component} that runs from the start of the cluster to its end. */
  component: contractMany<Component>('component'),
  /** {@link PlacementAdvisor}: answers questions about placement. Provided by the scheduler loop. */
  placement: contract<PlacementAdvisor>('placement'),
  /** The cluster's `ClusterApi` (`@gantry/core/api`). Leader components must use `writer` instead. */
  api: contract<ClusterApi>('api', { unfenced: 'writer' }),
  /** Routes of a plugin in the cluster's HTTP API: `ApiRoutes` of `@gantry/core/api`. */
  apiRoutes: contractMany<ApiRoutes>('api-routes'),
  /** {@link MachineInfo}: name and addresses of the machine. Provided by the host. */
  machine: contract<MachineInfo>('machine', { scope: 'machine' }),
  /** {@link Network}: connects the tasks of this machine. */
  network: contract<Network>('network', { scope: 'machine' }),
  /** {@link LoadBalancer}: spreads connections over tasks. */
  loadBalancer: contractMany<LoadBalancer>('load-balancer', { scope: 'machine' }),
  /** {@link Component} that runs once per machine that runs tasks or balances traffic. */
  machineComponent: contractMany<Component>('machine-component', { scope: 'machine' }),
  /** {@link NodeInfo}: name and labels of a node that runs in this process. Provided by the host. */
  node: contract<NodeInfo>('node', { scope: 'node' }),
  /** {@link Runtime}: runs the workloads of a node. */
  runtime: contract<Runtime>('runtime', { scope: 'node' }),
  /** {@link Agent} of a node. */
  agent: contract<Agent>('agent', { scope: 'node' }),
});
