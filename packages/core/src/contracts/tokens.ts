import type { ClusterApi } from '../api/cluster-api.ts';
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
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Overrides what the runtime measures; `{}` keeps it. */
  readonly capacity: Readonly<Record<string, number>>;
  /** `manager` if its process may also lead the cluster; shown as the attribute `role`, for constraints on `node.role`. */
  readonly role?: 'manager' | 'worker' | undefined;
}

/** A part that simply runs, from start to end of what it belongs to: the dispatcher, a load balancer's feed, a front door. */
export interface Component extends Lifecycle {
  readonly name: string;
}

/** What runs on a node, started and closed with it. */
export interface Agent extends Lifecycle {
  readonly node: string;
}

/** Every contract of the core. */
export const contracts = Object.freeze({
  clock: contract<Clock>('clock'),
  random: contract<Random>('random'),
  logger: contract<Logger>('logger'),
  cluster: contract<ClusterInfo>('cluster'),
  store: contract<Store>('store'),
  bus: contract<Bus>('bus'),
  views: contract<Views>('views'),
  scheduler: contractMany<Scheduler>('scheduler'),
  leadership: contract<Leadership>('leadership'),
  servers: contract<Servers>('servers'),
  controller: contractMany<Controller>('controller', { scope: 'leader' }),
  leaderComponent: contractMany<Component>('leader-component', { scope: 'leader' }),
  events: contract<EventRecorder>('events', { scope: 'leader' }),
  writer: contract<Writer>('writer', { scope: 'leader' }),
  kind: contractMany<KindDefinition>('kind'),
  admission: contractMany<Admission>('admission'),
  component: contractMany<Component>('component'),
  placement: contract<PlacementAdvisor>('placement'),
  api: contract<ClusterApi>('api', { unfenced: 'writer' }),
  machine: contract<MachineInfo>('machine', { scope: 'machine' }),
  network: contract<Network>('network', { scope: 'machine' }),
  loadBalancer: contractMany<LoadBalancer>('load-balancer', { scope: 'machine' }),
  machineComponent: contractMany<Component>('machine-component', { scope: 'machine' }),
  node: contract<NodeInfo>('node', { scope: 'node' }),
  runtime: contract<Runtime>('runtime', { scope: 'node' }),
  agent: contract<Agent>('agent', { scope: 'node' }),
});
