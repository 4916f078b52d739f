/** What the contracts take and return. The contracts themselves are in `@gantry/core`. */
export type { AdmissionRequest } from './admission.ts';
export type { BusMessage, SubscribeOptions, Unsubscribe } from './bus.ts';
export type { ReconcileResult } from './controller.ts';
export type { Term } from './leadership.ts';
export type { Backend, BackendStats, BalancePolicy, Frontend, FrontendStatus } from './load-balancer.ts';
export type { LogFields } from './logger.ts';
export type { Attachment, AttachRequest, JoinedNetwork, NetworkStatus } from './network.ts';
export type { AvoidedNode, RehearsedService } from './placement-advisor.ts';
export type {
  EnsureOptions,
  RuntimeInfo,
  RuntimeLogLine,
  RuntimeLogOptions,
  RuntimeSpec,
  RuntimeState,
  RuntimeStats,
  RuntimeSupport,
  RuntimeTask,
  StartProgress,
} from './runtime.ts';
export type { GroupPlan, NodeView, Plan, Round, TaskGroup } from './scheduler.ts';
export type {
  Change,
  CommitOptions,
  Entry,
  Fence,
  Json,
  Listing,
  Outcome,
  StoreEvent,
  StoreSupport,
} from './store.ts';
export type { View, ViewEvent, ViewIndex, ViewIndexes } from './views.ts';
export type { StatusKind } from './writer.ts';
