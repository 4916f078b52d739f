/** Plugins, the contracts they implement, and errors. What contracts take and return is in `@gantry/core/contracts`. */
export type { Admission } from './contracts/admission.ts';
export type { Bus } from './contracts/bus.ts';
export type { Clock } from './contracts/clock.ts';
export type { Controller } from './contracts/controller.ts';
export type { EventRecorder } from './contracts/event-recorder.ts';
export type { Leadership } from './contracts/leadership.ts';
export type { LoadBalancer } from './contracts/load-balancer.ts';
export type { Logger } from './contracts/logger.ts';
export type { Network } from './contracts/network.ts';
export type { PlacementAdvisor } from './contracts/placement-advisor.ts';
export type { Random } from './contracts/random.ts';
export type { Runtime } from './contracts/runtime.ts';
export type { Scheduler } from './contracts/scheduler.ts';
export type { Servers } from './contracts/servers.ts';
export type { Store } from './contracts/store.ts';
export type { Agent, ClusterInfo, Component, MachineInfo, NodeInfo } from './contracts/tokens.ts';
export { contracts } from './contracts/tokens.ts';
export type { Views } from './contracts/views.ts';
export type { Writer } from './contracts/writer.ts';
export {
  aborted,
  ERROR_CODES,
  type ErrorCode,
  type ErrorTraits,
  GantryError,
  type GantryErrorOptions,
  type Issue,
  isGantryError,
  isShortage,
  throwIfAborted,
  toGantryError,
  unlessAborted,
} from './errors.ts';
export {
  definePlugin,
  type Lifecycle,
  type Needs,
  type Plugin,
  type PluginDefinition,
  provide,
  type Resolved,
} from './plugin.ts';
export type { StandardResult, StandardSchema } from './standard-schema.ts';
export {
  type AnyToken,
  contract,
  contractMany,
  type Provided,
  type Token,
  type TokenOptions,
  type TokenScope,
} from './token.ts';
export { VERSION } from './version.ts';
